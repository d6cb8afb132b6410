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
func (f fetched) Read(dst []messages.Raw, from int) int {
	rest := f[from:]
	n := min(len(dst), len(rest))
	if n == 0 {
		return 0
	}
	p := messages.TopicPartition{Topic: rest[0].Topic, Partition: rest[0].Partition} // of all: a fetched partition batch
	for i, r := range rest[:n] {
		var headers []messages.Header
		if len(r.Headers) > 0 {
			headers = rawHeaders(r.Headers)
		}
		dst[i] = messages.NewRaw(p, r.Offset, r.Timestamp.UnixMilli(),
			alias(r.Key), r.Key != nil, alias(r.Value), r.Value != nil, headers)
	}
	return n
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

// clean removes transaction markers in place (the slice is ours: kgo has handed it out) and says what the rest holds in memory.
func clean(records []*kgo.Record) ([]*kgo.Record, int) {
	bytes, kept := 0, 0
	for _, r := range records {
		if r.Attrs.IsControl() {
			continue
		}
		records[kept] = r
		kept++
		bytes += recordBytes + len(r.Key) + len(r.Value)
		for _, h := range r.Headers {
			bytes += len(h.Key) + len(h.Value)
		}
	}
	return records[:kept], bytes
}
