package kafka

import (
	"unsafe"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/hibana-stream/hibana/messages"
)

// fetched is messages.Records over kgo's own records: keys and values are not copied, they alias the fetch buffer.
type fetched []*kgo.Record

// Len implements messages.Records.
func (f fetched) Len() int { return len(f) }

// Read implements messages.Records.
func (f fetched) Read(dst []messages.Raw, from int) (n, next int) {
	if from >= len(f) || len(dst) == 0 {
		return 0, from
	}
	p := messages.TopicPartition{Topic: f[from].Topic, Partition: f[from].Partition} // of all: a fetched partition batch
	for next = from; next < len(f) && n < len(dst); next++ {
		r := f[next]
		if r.Attrs.IsControl() {
			continue
		}
		var headers []messages.Header
		if len(r.Headers) > 0 {
			headers = rawHeaders(r.Headers)
		}
		messages.PutRaw(&dst[n], p, r.Offset, r.Timestamp.UnixMilli(),
			alias(r.Key), r.Key != nil, alias(r.Value), r.Value != nil, headers)
		n++
	}
	return n, next
}

func rawHeaders(from []kgo.RecordHeader) []messages.Header {
	headers := make([]messages.Header, len(from))
	for i, h := range from {
		headers[i] = messages.Header{Key: h.Key, Value: alias(h.Value), Null: h.Value == nil}
	}
	return headers
}

// alias is b as a string without a copy. kgo never writes a buffer again after it has handed it out.
func alias(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// recordBytes is about what a record holds besides key, value and headers: kgo.Record and the pointer to it.
const recordBytes = 176

// sampled is how many records of a piece are measured; sizes hardly differ, and to look at every record costs as much as to count it.
const sampled = 32

// footprint estimates what records hold in memory.
func footprint(records []*kgo.Record) int {
	step := max(len(records)/sampled, 1)
	bytes, looked := 0, 0
	for i := 0; i < len(records); i += step {
		r := records[i]
		bytes += recordBytes + len(r.Key) + len(r.Value)
		for _, h := range r.Headers {
			bytes += len(h.Key) + len(h.Value)
		}
		looked++
	}
	return bytes / max(looked, 1) * len(records)
}
