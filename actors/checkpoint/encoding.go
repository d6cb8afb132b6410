package checkpoint

import (
	"encoding/binary"
	"time"
	"unsafe"

	"github.com/hibana-stream/hibana/messages"
)

func appendString(b []byte, s string) []byte {
	if len(s) < 0x80 { // As nearly all keys and values are.
		return append(append(b, byte(len(s))), s...)
	}
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// appendTime keeps the zero time, which has no nanoseconds since 1970 in an int64.
func appendTime(b []byte, t time.Time) []byte {
	return binary.AppendUvarint(binary.AppendVarint(b, t.Unix()), uint64(t.Nanosecond()))
}

func appendRanges(b []byte, ranges []messages.OffsetRange) []byte {
	b = binary.AppendUvarint(b, uint64(len(ranges)))
	for _, r := range ranges {
		b = appendString(b, r.Topic)
		b = binary.AppendVarint(b, int64(r.Partition))
		b = binary.AppendVarint(b, r.From)
		b = binary.AppendVarint(b, r.Until)
	}
	return b
}

func appendShapes(b []byte, shapes []messages.Shape) []byte {
	b = binary.AppendUvarint(b, uint64(len(shapes)))
	for _, s := range shapes {
		b = appendString(appendString(appendString(b, s.Operator), s.Kind), s.Codec)
	}
	return b
}

func appendProgress(b []byte, p Progress) []byte {
	b = binary.AppendVarint(appendTime(b, p.Time), int64(p.Attempt))
	b = appendTime(b, p.Zero)
	return appendShapes(appendTopics(appendRanges(b, p.offsets), p), p.shapes)
}

// appendTopics writes the ids of the ranges' topics: each one once, then for each range its number from 1 on, 0 for none.
func appendTopics(b []byte, p Progress) []byte {
	numbers := map[messages.TopicID]uint64{{}: 0}
	var ids []byte
	for _, r := range p.offsets {
		id := p.topics[r.TopicPartition]
		if _, ok := numbers[id]; !ok {
			numbers[id], ids = uint64(len(numbers)), append(ids, id[:]...)
		}
	}
	b = append(binary.AppendUvarint(b, uint64(len(numbers)-1)), ids...)
	if len(ids) == 0 {
		return b
	}
	for _, r := range p.offsets {
		b = binary.AppendUvarint(b, numbers[p.topics[r.TopicPartition]])
	}
	return b
}

func appendPlan(b []byte, p Plan) []byte {
	return appendRanges(binary.AppendVarint(appendTime(b, p.Time), int64(p.Attempt)), p.ranges)
}

// decoder reads what was appended; after the first thing that does not fit, bad is set and all it gives is zero.
// It shares the bytes it is given: nobody may write to them afterwards.
type decoder struct {
	rest []byte
	bad  bool
}

func (d *decoder) fail() { d.rest, d.bad = nil, true }

func (d *decoder) uvarint() uint64 {
	if len(d.rest) > 0 && d.rest[0] < 0x80 {
		v := d.rest[0]
		d.rest = d.rest[1:]
		return uint64(v)
	}
	return d.longUvarint()
}

func (d *decoder) longUvarint() uint64 {
	v, n := binary.Uvarint(d.rest)
	if n <= 0 {
		d.fail()
		return 0
	}
	d.rest = d.rest[n:]
	return v
}

func (d *decoder) varint() int64 {
	u := d.uvarint()
	return int64(u>>1) ^ -int64(u&1)
}

func (d *decoder) bytes() []byte {
	n := d.uvarint()
	if n > uint64(len(d.rest)) {
		d.fail()
	}
	if d.bad {
		return nil
	}
	b := d.rest[:n:n]
	d.rest = d.rest[n:]
	return b
}

func (d *decoder) string() string {
	b := d.bytes()
	return unsafe.String(unsafe.SliceData(b), len(b))
}

func (d *decoder) time() time.Time { return time.Unix(d.varint(), int64(d.uvarint())) }

// count reads the number of entries that follow. Each takes a byte at least, so that a damaged count reserves no memory.
func (d *decoder) count() int {
	n := d.uvarint()
	if n > uint64(len(d.rest)) {
		d.fail()
		return 0
	}
	return int(n)
}

func (d *decoder) ranges() []messages.OffsetRange {
	var ranges []messages.OffsetRange
	for n := d.count(); n > 0 && !d.bad; n-- {
		partition := messages.TopicPartition{Topic: d.string(), Partition: int32(d.varint())}
		ranges = append(ranges, messages.OffsetRange{TopicPartition: partition, From: d.varint(), Until: d.varint()})
	}
	return ranges
}

func (d *decoder) topics(ranges []messages.OffsetRange) map[messages.TopicPartition]messages.TopicID {
	ids := make([]messages.TopicID, 1, 2)
	for n := d.count(); n > 0 && !d.bad; n-- {
		var id messages.TopicID
		if len(d.rest) < len(id) {
			d.fail()
			return nil
		}
		d.rest = d.rest[copy(id[:], d.rest):]
		ids = append(ids, id)
	}
	if len(ids) == 1 {
		return nil
	}
	topics := make(map[messages.TopicPartition]messages.TopicID, len(ranges))
	for _, r := range ranges {
		n := d.uvarint()
		if n >= uint64(len(ids)) {
			d.fail()
			return nil
		}
		if n > 0 {
			topics[r.TopicPartition] = ids[n]
		}
	}
	return topics
}

func (d *decoder) shapes() []messages.Shape {
	var shapes []messages.Shape
	for n := d.count(); n > 0 && !d.bad; n-- {
		shapes = append(shapes, messages.Shape{Operator: d.string(), Kind: d.string(), Codec: d.string()})
	}
	return shapes
}

// decodeProgress reads a whole progress; ok is false when the bytes hold anything else.
func decodeProgress(b []byte) (p Progress, ok bool) {
	d := decoder{rest: b}
	p.Time, p.Attempt, p.Zero = d.time(), int(d.varint()), d.time()
	p.offsets = d.ranges()
	p.topics, p.shapes = d.topics(p.offsets), d.shapes()
	return p, !d.bad && len(d.rest) == 0
}

// decodePlan reads a whole plan; ok is false when the bytes hold anything else.
func decodePlan(b []byte) (p Plan, ok bool) {
	d := decoder{rest: b}
	p.Time, p.Attempt, p.ranges = d.time(), int(d.varint()), d.ranges()
	return p, !d.bad && len(d.rest) == 0
}
