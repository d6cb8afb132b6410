package kafka

import (
	"fmt"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/hibana-stream/hibana/messages"
)

// What a consumer pays to look at a fetched record.
func BenchmarkReadRecords(b *testing.B) {
	slab := make([]kgo.Record, 10_000)
	records := make(fetched, len(slab))
	for i := range slab {
		slab[i] = kgo.Record{Topic: "events", Offset: int64(i), Timestamp: time.UnixMilli(int64(i)), Value: fmt.Appendf(nil, `{"content":"%086d"}`, i)}
		records[i] = &slab[i]
	}
	dst := make([]messages.Raw, 256)
	for b.Loop() {
		for next := 0; next < len(records); {
			_, next = records.Read(dst, next)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(records)), "ns/record")
}
