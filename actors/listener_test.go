package actors_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hibana-stream/hibana/actors"
	"github.com/hibana-stream/hibana/actors/streaming"
	"github.com/hibana-stream/hibana/messages"
)

// telling writes down what listeners are told: "b", "B" and "C" for a batch that is submitted, started and completed, with the delays
// that are known by then, and "<0" and "0>" for its first output, "0!" when that failed.
func telling(t *testing.T, s *streaming.Context) (told *[]string, records *int64) {
	told, records = new([]string), new(int64)
	tell := func(letter string, b messages.BatchInfo) {
		waited, started := b.SchedulingDelay()
		took, ended := b.ProcessingDelay()
		total, over := b.TotalDelay()
		if waited < 0 || took < 0 || total != waited+took && over {
			t.Errorf("%v + %v = %v", waited, took, total)
		}
		read := int64(0)
		for r := range b.Inputs() {
			read += r.Count()
		}
		if read != b.Records {
			t.Errorf("a batch of %d records read %d", b.Records, read)
		}
		*records += read
		failures := ""
		for id, text := range b.Failures() {
			failures += fmt.Sprintf(" %d %v", id, strings.Contains(text, "this is a failed job"))
		}
		*told = append(*told, letter+strings.Repeat("+", map[bool]int{true: 1}[started]+map[bool]int{true: 2}[ended && over])+failures)
	}
	s.Listen(func(event any) {
		switch e := event.(type) {
		case messages.StreamingStarted:
			*told = append(*told, "S")
		case messages.BatchSubmitted:
			tell("b", e.Batch)
		case messages.BatchStarted:
			tell("B", e.Batch)
		case messages.BatchCompleted:
			tell("C", e.Batch)
		case messages.OutputStarted:
			*told = append(*told, fmt.Sprint("<", e.ID))
		case messages.OutputCompleted:
			*told = append(*told, fmt.Sprint(e.ID)+map[bool]string{true: "!", false: ">"}[strings.Contains(e.Failure, "this is a failed job")])
		}
	})
	return told, records
}

// Listeners hear of every batch in order, and of nothing before it is known: a batch that is submitted has no delay yet.
func TestListenersHearOfBatchesAndOutputsInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, 2)
		defer r.close()
		r.publish(100)
		var told *[]string
		var records *int64
		r.start(time.Second, func(s *streaming.Context) {
			told, records = telling(t, s)
			streaming.Events(s).Print()
			streaming.Events(s).Count().Print()
		}, func(s *actors.Settings) { s.Batches = 3 })
		if err := r.stream.AwaitTermination(); err != nil {
			t.Fatal(err)
		}
		batch := " b B+ <0 0> <1 1> C+++"
		if got := strings.Join(*told, " "); got != "S"+strings.Repeat(batch, 3) {
			t.Errorf("got %s", got)
		}
		if *records != 3*100 {
			t.Errorf("told three times of 100 records: %d", *records)
		}
	})
}

// A batch that fails names the outputs that failed: one of them, or all when it is the batch's data that cannot be computed.
func TestListenersHearWhichOutputsFailed(t *testing.T) {
	for name, c := range map[string]struct {
		job  func(*streaming.Context)
		told string
	}{
		"an output": {func(s *streaming.Context) {
			streaming.Events(s).Print()
			streaming.Events(s).ForeachBatch(func(context.Context, streaming.Batch[messages.RichEvent]) error {
				return errors.New("this is a failed job")
			})
		}, "S b B+ <0 0> <1 1! C+++ 1 true"},
		"a function": {func(s *streaming.Context) {
			streaming.Map(streaming.Events(s), func(messages.RichEvent) int { panic("this is a failed job") }).Print()
		}, "S b B+ <0 0! C+++ 0 true"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, 1)
				defer r.close()
				r.publish(1)
				var told *[]string
				r.start(time.Second, func(s *streaming.Context) {
					told, _ = telling(t, s)
					c.job(s)
				}, func(s *actors.Settings) { s.Failure.Retries = 0 })
				if err := r.stream.AwaitTermination(); err == nil || !strings.Contains(err.Error(), "this is a failed job") {
					t.Errorf("got %v", err)
				}
				if got := strings.Join(*told, " "); got != c.told {
					t.Errorf("got  %s\nwant %s", got, c.told)
				}
			})
		})
	}
}
