package streaming_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/hibana-stream/hibana/actors/streaming"
	"github.com/hibana-stream/hibana/actors/streaming/streamingtest"
	"github.com/hibana-stream/hibana/messages"
)

type record = messages.Record[string, string]

// runJob runs job on batches of records, "key=value", of the topic events with one partition. It prints what the job printed and wrote
// to Kafka, and what was rejected.
func runJob(job func(*streaming.Context), batches ...string) {
	tb := &exampleTB{}
	defer tb.end()
	k := streamingtest.New(tb, time.Second)
	topic := streamingtest.Topic(k, "events", 1)
	job(k.Context())
	for _, batch := range batches {
		for _, r := range strings.Fields(batch) {
			key, value, _ := strings.Cut(r, "=")
			topic.Feed(key, value)
		}
		k.Tick()
	}
	if k.Err() != nil {
		fmt.Println(k.Err())
	}
	if k.Stdout() != "" {
		fmt.Print(plainly(k.Stdout()))
	}
	for _, r := range k.Produced() {
		key, _ := r.Key()
		value, _ := r.Value()
		fmt.Println(r.Topic(), key, value)
	}
	for _, r := range k.Rejects() {
		operation, _, _ := strings.Cut(r.Operation, " at ")
		fmt.Printf("rejected by %s: %s\n", operation, r.Reason)
	}
}

func ExampleEvents() {
	runJob(func(s *streaming.Context) { streaming.Events(s).Print() }, `1={"content":"hello"} 2={"content":"world"}`)
	// Output: 1000: hello world
}

func ExampleDirectStream() {
	type order struct{ Item string }
	runJob(func(s *streaming.Context) {
		orders := streaming.DirectStream(s, streaming.String, streaming.JSON[order](), "events")
		streaming.Map(orders, func(r messages.Record[string, order]) string {
			return fmt.Sprint(r.Key(), " ordered ", r.Value().Item)
		}).Print()
	}, `ann={"Item":"tea"} bob={"Item":"nuts"}`)
	// Output: 1000: ann ordered tea bob ordered nuts
}

// The first record is left out: where a start begins, unless a checkpoint knows better.
func ExampleContext_FromOffsets() {
	runJob(func(s *streaming.Context) {
		s.FromOffsets(map[messages.TopicPartition]int64{{Topic: "events", Partition: 0}: 1})
		streaming.Map(streaming.DirectStream(s, streaming.String, streaming.String), record.Value).Print()
	}, "1=a 2=b 3=c")
	// Output: 1000: b c
}

func ExampleQueueStream() {
	runJob(func(s *streaming.Context) {
		q := streaming.QueueStream[string](s, true)
		q.Push("a", "b")
		q.Push("c")
		q.Stream.Print()
	}, "", "", "")
	// Output:
	// 1000: a b
	// 2000: c
	// 3000:
}

func ExampleQueue_Push() {
	runJob(func(s *streaming.Context) {
		q := streaming.QueueStream[int](s, true)
		q.Push(8)
		halves := streaming.Map(q.Stream, func(n int) int { return n / 2 })
		halves.Print()
		halves.ForeachBatch(func(_ context.Context, b streaming.Batch[int]) error {
			q.Push(b.Elements()...) // what one batch comes to is the next one
			return nil
		})
	}, "", "", "")
	// Output:
	// 1000: 4
	// 2000: 2
	// 3000: 1
}

func ExampleQueue_Default() {
	runJob(func(s *streaming.Context) {
		q := streaming.QueueStream[string](s, false).Default("nothing")
		q.Push("a", "b")
		q.Push("c")
		q.Stream.Print()
	}, "", "")
	// Output:
	// 1000: a b c
	// 2000: nothing
}

func ExampleNewInput() {
	runJob(func(s *streaming.Context) {
		streaming.NewInput(s, func(at time.Time) ([][]string, bool) {
			return [][]string{{fmt.Sprint("it is ", at.Unix())}}, at.Unix() != 2 // no dataset in the second batch
		}).Print()
	}, "", "", "")
	// Output:
	// 1000: it is 1
	// 3000: it is 3
}

func ExampleNewRangedInput() {
	runJob(func(s *streaming.Context) {
		letters := func(at time.Time) ([][]string, bool) { return [][]string{{"a", "b"}, {"c"}}, true }
		offsets := func(at time.Time) []messages.OffsetRange {
			return []messages.OffsetRange{
				{TopicPartition: messages.TopicPartition{Topic: "letters", Partition: 0}, From: 2*at.Unix() - 2, Until: 2 * at.Unix()},
				{TopicPartition: messages.TopicPartition{Topic: "letters", Partition: 1}, From: at.Unix() - 1, Until: at.Unix()},
			}
		}
		streaming.NewRangedInput(s, letters, offsets).ForeachBatch(func(_ context.Context, b streaming.Batch[string]) error {
			fmt.Println(b.Elements(), b.OffsetRanges())
			return nil
		})
	}, "", "")
	// Output:
	// [a b c] [letters:0 [0,2) letters:1 [0,1)]
	// [a b c] [letters:0 [2,4) letters:1 [1,2)]
}

func ExampleStream_Print() {
	tb := &exampleTB{}
	defer tb.end()
	k := streamingtest.New(tb, time.Second)
	in := streamingtest.Input[string](k, 1)
	in.Stream.Print(2)
	in.Feed("a", "b", "c")
	k.Tick()
	fmt.Print(k.Stdout())
	// Output:
	// -------------------------------------------
	// Time: 1000 ms
	// -------------------------------------------
	// a
	// b
	// ...
}

func ExampleStream_SaveAsTextFiles() {
	folder, _ := os.MkdirTemp("", "example")
	defer func() { _ = os.RemoveAll(folder) }()
	runExample(func(words streaming.Stream[string]) {
		words.SaveAsTextFiles(filepath.Join(folder, "words"), "txt")
		words.Count().Print()
	}, "a b", "c")
	files, _ := filepath.Glob(filepath.Join(folder, "*"))
	for _, file := range files {
		text, _ := os.ReadFile(file)
		fmt.Printf("%s %q\n", filepath.Base(file), text)
	}
	// Output:
	// 1000: 2
	// 2000: 1
	// words-1000.txt "a\nb\n"
	// words-2000.txt "c\n"
}

func ExamplePairStream_ToKafka() {
	runJob(func(s *streaming.Context) {
		values := streaming.Map(streaming.DirectStream(s, streaming.String, streaming.String), record.Value)
		streaming.CountByValue(values).ToKafka("counts", streaming.EncodeString, streaming.EncodeText[int64])
	}, "1=a 2=b 3=a")
	// Output:
	// counts a 2
	// counts b 1
}

// The driver of a job looks back at batches; both ends count.
func ExampleStream_Slice() {
	tb := &exampleTB{}
	defer tb.end()
	k := streamingtest.New(tb, time.Second) // the kit calls Remember
	in := streamingtest.Input[int](k, 1)
	doubled := streaming.Map(in.Stream, func(i int) int { return 2 * i })
	doubled.Print()
	for i := range 4 {
		in.Feed(i)
		k.Tick()
	}
	batches, err := doubled.Slice(time.Unix(2, 0), time.Unix(3, 0))
	for _, b := range batches {
		fmt.Println(b.Time().Unix(), b.Elements())
	}
	fmt.Println(err)
	// Output:
	// 2 [2]
	// 3 [4]
	// <nil>
}

func ExampleContext_Listen() {
	runJob(func(s *streaming.Context) {
		streaming.DirectStream(s, streaming.String, streaming.String).ForeachBatch(func(context.Context, streaming.Batch[record]) error { return nil })
		s.Listen(func(event any) {
			if e, ok := event.(messages.BatchCompleted); ok {
				fmt.Println(e.Batch.Time.Unix(), "had", e.Batch.Records, "records")
			}
		})
	}, "1=a 2=b", "3=c")
	// Output:
	// 1 had 2 records
	// 2 had 1 records
}
