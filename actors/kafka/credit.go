package kafka

import (
	"time"

	"github.com/hibana-stream/hibana/messages"
)

// reasons why a partition is not fetched; it is while none holds.
type reasons uint8

const (
	unopened reasons = 1 << iota // nobody reads it: just assigned, detached, or broken until the next Reset
	memory                       // its reader holds more than its share
	operator                     // a person has paused it
)

// maxRecords bounds the records of one poll, and so those of one Events; minRecords is worth a message.
const maxRecords, minRecords = 10_000, 64

// minShare is the least credit of a partition, in bytes.
const minShare = 256 << 10

// stuck is how long a partition may have more than its share before it is paused.
const stuck = 200 * time.Millisecond

// credit counts the bytes that are delivered and not yet consumed, and says when it is enough.
//
// kgo drops what it has buffered for a partition that is paused, and fetches it again later: correct, but not free. So what
// happens all the time, that the readers as a whole are slower than Kafka, is answered by not polling, which drops nothing: the
// polling stops when the partitions together have used up their shares, and goes on at half of that. Only a partition that has
// kept more than its share for a while (its reader waits for the next batch, or is much slower than the others) is paused and
// leaves the count, so that it does not starve the rest.
type credit struct {
	memory      int64
	share       int64
	average     int64 // bytes of a record, lately
	outstanding map[messages.TopicPartition]int64
	over        map[messages.TopicPartition]time.Time // since when a partition has had more than its share
}

func newCredit(memory int64) *credit {
	return &credit{
		memory: memory, share: memory, average: 1 << 10,
		outstanding: make(map[messages.TopicPartition]int64), over: make(map[messages.TopicPartition]time.Time),
	}
}

// divide shares the memory among n partitions.
func (c *credit) divide(n int) { c.share = max(c.memory/int64(max(n, 1)), minShare) }

// records is how many one poll may bring: about a quarter of the memory, so that it cannot exceed that by much.
func (c *credit) records() int {
	return int(min(max(c.memory/4/c.average, minRecords), maxRecords))
}

func (c *credit) deliver(p messages.TopicPartition, records int, bytes int64) {
	c.outstanding[p] += bytes
	if records > 0 {
		c.average = max((3*c.average+bytes/int64(records))/4, 1)
	}
}

func (c *credit) consume(p messages.TopicPartition, bytes int64) {
	c.outstanding[p] = max(c.outstanding[p]-bytes, 0)
}

// forget drops p's account: its reader is gone.
func (c *credit) forget(p messages.TopicPartition) {
	delete(c.outstanding, p)
	delete(c.over, p)
}

// exhausted tells whether p is to be paused, given whether it is: it pauses when stuck above its share and resumes at half.
func (c *credit) exhausted(p messages.TopicPartition, paused bool, now time.Time) bool {
	if paused {
		return c.outstanding[p] > c.share/2
	}
	if c.outstanding[p] < c.share {
		delete(c.over, p)
		return false
	}
	since, ok := c.over[p]
	if !ok {
		c.over[p] = now
	}
	return ok && now.Sub(since) >= stuck
}

// filled tells whether the polling is to stop, given whether it is stopped and how much of their shares n partitions have used.
func (c *credit) filled(used int64, n int, stopped bool) bool {
	if stopped {
		return used > c.share*int64(n)/2
	}
	return used >= c.share*int64(n)
}
