package messages_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/hibana-stream/hibana/messages"
)

func TestChangesAreReadBackAsTheyWere(t *testing.T) {
	p := messages.TopicPartition{Topic: "orders", Partition: 3}
	var want []messages.Change
	for _, key := range []int{0, 1, 63, 64, 127, 128, 20_000} {
		for _, value := range []int{0, 1, 127, 128, 70_000} {
			c := messages.Change{Operator: "totals", Partition: p, Key: strings.Repeat("k", key), Value: strings.Repeat("v", value)}
			want = append(want, c)
			c.Value, c.Deleted = "", true
			want = append(want, c)
		}
	}
	all := messages.NewChanges("totals", p, want...)
	if got := slices.Collect(all.All()); !slices.Equal(got, want) {
		t.Errorf("%d changes are read back as %d others", len(want), len(got))
	}
	if !all.Whole() || all.Operator() != "totals" || all.Partition() != p {
		t.Errorf("whole %v, of %q, %v", all.Whole(), all.Operator(), all.Partition())
	}
	if none := messages.NewChanges("totals", p); !none.Whole() || len(slices.Collect(none.All())) != 0 {
		t.Error("no changes are not none")
	}
}

// A block that ends too early gives the changes before its end, and says that it is not whole.
func TestABlockThatWasCutIsNotWhole(t *testing.T) {
	var all []messages.Change
	whole := map[int]int{0: 0} // where a block may end, and how many changes it has then
	for i := range 5 {
		all = append(all, messages.Change{Operator: "o", Key: strings.Repeat("k", i*40), Value: fmt.Sprint(i)})
		whole[len(messages.NewChanges("o", messages.TopicPartition{}, all...).Block())] = i + 1
	}
	block := []byte(messages.NewChanges("o", messages.TopicPartition{}, all...).Block())
	n := 0
	for end := range block {
		cut := messages.ChangesIn("o", messages.TopicPartition{}, block[:end])
		count, ok := whole[end]
		if ok {
			n = count
		}
		if got := slices.Collect(cut.All()); cut.Whole() != ok || !slices.Equal(got, all[:n]) {
			t.Fatalf("of %d bytes of %d: whole %v, %d changes, want %v, %d", end, len(block), cut.Whole(), len(got), ok, n)
		}
	}
}

// Whatever a block holds, nothing panics, and what is read is encoded again.
func FuzzChanges(f *testing.F) {
	f.Add([]byte(messages.NewChanges("o", messages.TopicPartition{}, messages.Change{Key: "k", Value: "v"}, messages.Change{Key: "x", Deleted: true}).Block()))
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01, 0x00})
	f.Fuzz(func(t *testing.T, block []byte) {
		all := slices.Collect(messages.ChangesIn("o", messages.TopicPartition{}, block).All())
		again := messages.NewChanges("o", messages.TopicPartition{}, all...)
		if got := slices.Collect(again.All()); !again.Whole() || !slices.Equal(got, all) {
			t.Errorf("%v is read back as %v", all, got)
		}
	})
}
