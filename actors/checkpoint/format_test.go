package checkpoint

import (
	"encoding/hex"
	"slices"
	"testing"

	"github.com/hibana-stream/hibana/messages"
)

// The bytes of version 1. Whoever changes them locks every user out of the state that is saved: raise the version, and read both.
const versionOne = "484942414e414350" + "01000000" + "4c000000" + "0100000000000000" + "00000000" + "1e8aec1a" + // the preamble
	"48424631" + "0100000000000000" + "4f000000000000" + "42" + "0a44883d" + "fb488da6" + "2d484246" + // the header
	"3a000000" + "0400" + "02" + "ffdb8ff9ce0300" + // time, attempt, zero time
	"01" + "066f7264657273" + "00" + "02" + "d804" + // ranges
	"01" + "06746f74616c73" + "10757064617465537461746542794b6579" + "0a737472696e672c696e74" + // shapes
	"02" + "06746f74616c73" + "02" + "016b" + "0176" + "03" + "0178" + "01" // changes

func TestFormatIsVersionOne(t *testing.T) {
	d := newDisk()
	s, err := open(d)
	if err != nil {
		t.Fatal(err)
	}
	p := NewProgress(Progress{Time: second(2), Attempt: 1}, []messages.OffsetRange{{TopicPartition: orders, From: 1, Until: 300}}, []messages.Shape{totals})
	changes := slices.Values([]messages.Change{{Operator: "totals", Key: "k", Value: "v"}, {Operator: "totals", Key: "x", Deleted: true}})
	if err := s.Save(p, changes, nil); err != nil {
		t.Fatal(err)
	}
	if got := hex.EncodeToString(d.names[logName(1)].data); got != versionOne {
		t.Errorf("the log is\n%s", got)
	}
}

func TestVersionOneIsRead(t *testing.T) {
	data, err := hex.DecodeString(versionOne)
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
	if until, ok := p.Until(orders); !ok || until != 300 || !p.Time.Equal(second(2)) || len(all) != 1 || all[[2]string{"totals", "k"}] != "v" {
		t.Errorf("it holds %s\n%v", describe(p), all)
	}
}
