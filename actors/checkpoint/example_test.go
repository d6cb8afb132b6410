package checkpoint_test

import (
	"fmt"
	"iter"
	"maps"
	"os"
	"slices"
	"time"

	"github.com/hibana-stream/hibana/actors/checkpoint"
	"github.com/hibana-stream/hibana/messages"
)

// A batch is planned, run, and saved with what it changed. After a crash the state and the place to go on from are there.
func ExampleStore() {
	dir, _ := os.MkdirTemp("", "checkpoint")
	defer func() { _ = os.RemoveAll(dir) }()

	store, err := checkpoint.Open(dir, "web-0")
	if err != nil {
		fmt.Println(err)
		return
	}
	at := time.UnixMilli(2000).UTC()
	ranges := []messages.OffsetRange{{TopicPartition: messages.TopicPartition{Topic: "words"}, From: 0, Until: 3}}
	shapes := []messages.Shape{{Operator: "totals", Kind: "updateStateByKey", Codec: "string,int"}}

	totals := map[string]string{"hi": "2", "ho": "1"}
	whole := func() iter.Seq[messages.Changes] { // Of a state in which every key is new, the changes are the whole.
		var all []messages.Change
		for _, key := range slices.Sorted(maps.Keys(totals)) {
			all = append(all, messages.Change{Key: key, Value: totals[key]})
		}
		return slices.Values([]messages.Changes{messages.NewChanges("totals", messages.TopicPartition{}, all...)})
	}
	_ = store.Plan(checkpoint.NewPlan(at, 1, ranges))
	// The outputs run here.
	_ = store.Save(checkpoint.NewProgress(checkpoint.Progress{Time: at, Attempt: 1}, ranges, shapes), whole(), checkpoint.Whole{Entries: whole})
	_ = store.Close()

	store, _ = checkpoint.Open(dir, "web-0")
	progress, ok, err := store.Load(func(block messages.Changes) error {
		for c := range block.All() {
			fmt.Println(c.Operator, c.Key, c.Value)
		}
		return nil
	})
	until, _ := progress.Until(messages.TopicPartition{Topic: "words"})
	fmt.Println(progress.Time.UTC().Format(time.TimeOnly), until, ok, err)
	_ = store.Close()
	// Output:
	// totals hi 2
	// totals ho 1
	// 00:00:02 3 true <nil>
}

// Two batches of one partition leave a gap: the verdict names it with the batches around it.
func ExampleVerify() {
	batch := func(second, from, until int64) messages.BatchReport {
		words := messages.TopicPartition{Topic: "words"}
		r := messages.BatchReport{Time: time.Unix(second, 0), Attempt: 1, Instance: "web-0", Group: "g", Committed: true}
		part := messages.PartReport{OffsetRange: messages.OffsetRange{TopicPartition: words, From: from, Until: until}, Records: until - from}
		return messages.NewBatchReport(r, []messages.PartReport{part}, nil)
	}
	verdict := checkpoint.Verify([]messages.BatchReport{batch(2, 0, 10), batch(4, 12, 20)}, nil)
	fmt.Println(verdict.OK())
	for _, b := range verdict.Partitions[0].Breaks {
		fmt.Println(b)
	}
	// Output:
	// false
	// words:0: gap [10,12), 2 offsets, between batch 1970-01-01T00:00:02.000Z attempt 1 of web-0 [0,10) and batch 1970-01-01T00:00:04.000Z attempt 1 of web-0 [12,20)
}
