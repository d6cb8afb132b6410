package checkpoint

import (
	"encoding/hex"
	"testing"

	"github.com/hibana-stream/hibana/messages"
)

// The bytes of version 3. Whoever changes them locks every user out of the state that is saved: raise the version.
const versionThree = "484942414e414350" + "03000000" + "4c000000" + "0100000000000000" + "00000000" + "64656b74" + // the preamble
	"48424631" + "0100000000000000" + "61000000000000" + "42" + "63efe9ba" + "3dc50497" + "2d484246" + // the header
	"4c000000" + "0400" + "02" + "ffdb8ff9ce0300" + // time, attempt, zero time
	"01" + "066f7264657273" + "00" + "02" + "d804" + // ranges
	"01" + "ab0000000000000000000000000000cd" + "01" + // topics
	"01" + "06746f74616c73" + "10757064617465537461746542794b6579" + "0a737472696e672c696e74" + // shapes
	"02" + "06746f74616c73" + "07" + "0201" + "6b76" + "0300" + "78" + "01" // changes

func TestFormatIsVersionThree(t *testing.T) {
	d := newDisk()
	s, err := open(d)
	if err != nil {
		t.Fatal(err)
	}
	p := NewProgress(Progress{Time: second(2), Attempt: 1}, []messages.OffsetRange{{TopicPartition: orders, From: 1, Until: 300}}, []messages.Shape{totals}).
		WithTopicIDs(map[messages.TopicPartition]messages.TopicID{orders: {0: 0xab, 15: 0xcd}})
	changes := blocks(messages.Change{Operator: "totals", Key: "k", Value: "v"}, messages.Change{Operator: "totals", Key: "x", Deleted: true})
	if err := s.Save(p, changes, Whole{}); err != nil {
		t.Fatal(err)
	}
	if got := hex.EncodeToString(d.names[logName(1)].data); got != versionThree {
		t.Errorf("the log is\n%s", got)
	}
}

func TestVersionThreeIsRead(t *testing.T) {
	data, err := hex.DecodeString(versionThree)
	if err != nil {
		t.Fatal(err)
	}
	d := newDisk()
	d.names[logName(1)] = &node{data: data}
	s, err := open(d)
	if err != nil {
		t.Fatal(err)
	}
	p, all := load(t, s)
	if until, ok := p.Until(orders); !ok || until != 300 || p.TopicID(orders) != (messages.TopicID{0: 0xab, 15: 0xcd}) || !p.Time.Equal(second(2)) || len(all) != 1 || all[[2]string{"totals", "k"}] != "v" {
		t.Errorf("it holds %s\n%v", describe(p), all)
	}
}
