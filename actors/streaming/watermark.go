package streaming

import (
	"encoding/binary"
	"math"
	"strconv"
	"time"
)

// mark is what is known of one partition: its latest event time, and the batch that had an element of it last.
type mark struct {
	latest, seen int64 // microseconds
}

var markCodec = Codec[mark]{
	Name: "watermark",
	Encode: func(dst []byte, m mark) ([]byte, error) {
		return binary.AppendVarint(binary.AppendVarint(dst, m.latest), m.seen), nil
	},
	Decode: func(wire string) (m mark, err error) {
		b := []byte(wire)
		latest, n := binary.Varint(b)
		if n <= 0 {
			return m, errTorn
		}
		seen, k := binary.Varint(b[n:])
		if k <= 0 || n+k != len(b) {
			return m, errTorn
		}
		return mark{latest, seen}, nil
	},
}

// ownMark is the name under which the watermark itself stands among the partitions, seen in the last batch.
const ownMark = ""

// partitionName names a partition over restarts: a Kafka partition by its topic and number, another by its place.
func partitionName(in gathered, i int) string {
	if len(in.ranges) == len(in.results) {
		return in.ranges[i].TopicPartition.String()
	}
	return "#" + strconv.Itoa(i)
}

// get is the state of a key.
func (s *store[K, S]) get(k K) (state S, ok bool) {
	pos, ok := s.find(k, tagOf(k))
	if !ok || !s.entries[pos].live {
		return state, false
	}
	return s.entries[pos].state, true
}

// seen notes a partition's latest event time. A Kafka partition that has had no element yet is waited for, from its first batch on:
// it may have a backlog that is older than what the others have shown. Any other one has no say before its first element.
func (c *clocking[T]) seen(name string, latest int64, at time.Time) {
	was, known := c.marks.get(name)
	switch {
	case latest != never:
		c.marks.set(c.marks.slot(name, tagOf(name)), mark{max(was.latestIf(known), latest), at.UnixMicro()})
	case !known && name[0] != '#':
		c.marks.set(c.marks.slot(name, tagOf(name)), mark{never, at.UnixMicro()})
	}
}

func (m mark) latestIf(known bool) int64 {
	if !known {
		return never
	}
	return m.latest
}

// wake counts a pause of the stream, in which no batch ran, as no silence of its partitions: what has come meanwhile may be in any of them.
func (c *clocking[T]) wake(last, at, slide int64) {
	if pause := at - last - slide; pause > 0 {
		for _, p := range c.marks.snapshot() {
			p.Value.seen += pause
			c.marks.set(c.marks.slot(p.Key, tagOf(p.Key)), p.Value)
		}
	}
}

// advance moves the watermark to the least of the partitions that are not idle, unless that is behind it. One partition alone needs no
// note of when it was: whether it is idle makes no difference.
func (c *clocking[T]) advance(at time.Time, alone bool) {
	was, least, idle := c.now, int64(math.MaxInt64), at.UnixMicro()-c.spec.idle.Microseconds()
	for _, p := range c.marks.snapshot() {
		if p.Key != ownMark && p.Value.seen >= idle {
			least = min(least, p.Value.latest)
		}
	}
	if least != math.MaxInt64 && least != never {
		c.now = max(c.now, least-c.spec.lateness.Microseconds())
	}
	if c.now > was || !alone {
		c.marks.set(c.marks.slot(ownMark, tagOf(ownMark)), mark{c.now, at.UnixMicro()})
	}
}
