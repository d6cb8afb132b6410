package streaming_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/hibana-stream/hibana/actors/streaming"
	"github.com/hibana-stream/hibana/messages"
)

// BenchmarkFoldEvents is what the narrow half of a count costs for each record: decoding, and counting.
func BenchmarkFoldEvents(b *testing.B) {
	c := streaming.NewContext(time.Second, streaming.WithTopics("events"))
	streaming.Events(c).Count().Print()
	if err := c.Start(); err != nil {
		b.Fatal(err)
	}
	p := messages.TopicPartition{Topic: "events"}
	raws := make([]messages.Raw, 1024)
	for i := range raws {
		messages.PutRaw(&raws[i], p, int64(i), 0, "", false, fmt.Sprintf(`{"content":"%086d"}`, i), true, nil)
	}
	t := c.Program().NewTask(p)
	b.ResetTimer()
	for range b.N {
		if err := t.Fold(raws); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(raws)), "ns/record")
}
