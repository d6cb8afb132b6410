package checkpoint

import (
	"errors"
	"fmt"
	"hash/crc32"
	"testing"

	"github.com/hibana-stream/hibana/messages"
)

// Whatever a file holds, nothing panics.
func FuzzLogFile(f *testing.F) {
	d, h := newDisk(), begin()
	s, _ := open(d)
	_ = h.run(s, 3)
	f.Add(d.names[logName(1)].data)
	f.Add([]byte(preambleMagic))
	f.Fuzz(func(t *testing.T, data []byte) {
		d := newDisk()
		d.names[logName(1)] = &node{data: data}
		if _, err := open(d); err == nil {
			s, err := open(d)
			if err != nil { // What a crash left was cut off the first time.
				t.Fatal(err)
			}
			pictureOf(t, s)
			checkGoesOn(t, d, s)
		}
	})
}

// Whatever a frame with the right checksums holds, it is decoded or refused by name, and what is decoded is encoded again.
func FuzzFrame(f *testing.F) {
	var w writer
	b := batch(4, nil)
	n := newDisk()
	file, _ := n.create("x")
	w.begin(file, 0, appendProgress(nil, b.progress), []messages.Shape{totals, visits})
	for c := range blocks(b.changes...) {
		_ = w.changes(c)
	}
	_, _ = w.finish(kindBatch, 1)
	f.Add(byte(kindBatch), n.names["x"].data[frameHeader:])
	f.Add(byte(kindPlan), append([]byte{9, 0, 0, 0}, appendPlan(nil, planOf(b.progress))...))
	f.Fuzz(func(t *testing.T, kind byte, payload []byte) {
		log := append(preamble{role: roleLog, first: 1}.encode(), make([]byte, frameHeader)...)
		frame{kind: kind, number: 1, length: int64(len(payload)), sum: crc32.Checksum(payload, castagnoli)}.put(log[preambleSize:])
		d := newDisk()
		d.names[logName(1)] = &node{data: append(log, payload...)}
		s, err := open(d)
		if err != nil {
			return
		}
		all := state{}
		p, _, err := s.Load(all.applyAll)
		if err != nil {
			if !errors.Is(err, ErrCorrupt) {
				t.Fatal(err)
			}
			return
		}
		if err := s.Save(p, all.full(), Whole{}); p.shapes != nil && err != nil {
			t.Error(err)
		}
		if again, ok := decodeProgress(appendProgress(nil, p)); !ok || fmt.Sprint(again.shapes) != fmt.Sprint(p.shapes) {
			t.Errorf("%v is read back as %v", p, again)
		}
	})
}
