package kafka

import "github.com/hibana-stream/hibana/messages"

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

// credit counts the bytes that are delivered and not yet consumed, and says when a partition has had enough. Each partition has
// a share of its own, so that a stuck one never starves another.
//
// kgo drops what it has buffered for a partition that is paused, and fetches it again later: correct, but not free. So a
// partition pauses at its share and resumes at half of it; and when all have had two thirds of theirs, which is what happens
// when the job as a whole is slower than Kafka, the polling stops instead: nothing is dropped.
type credit struct {
	memory      int64
	share       int64
	average     int64 // bytes of a record, lately
	outstanding map[messages.TopicPartition]int64
}

func newCredit(memory int64) *credit {
	return &credit{memory: memory, share: memory, average: 1 << 10, outstanding: make(map[messages.TopicPartition]int64)}
}

// divide shares the memory among n partitions.
func (c *credit) divide(n int) { c.share = max(c.memory/int64(max(n, 1)), minShare) }

// records is how many one poll may bring: about half a share, so that it cannot exceed the share by much.
func (c *credit) records() int {
	return int(min(max(c.share/2/c.average, minRecords), maxRecords))
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
func (c *credit) forget(p messages.TopicPartition) { delete(c.outstanding, p) }

// exhausted tells whether p is to be paused, given whether it is: it pauses at its share and resumes at half.
func (c *credit) exhausted(p messages.TopicPartition, paused bool) bool {
	if paused {
		return c.outstanding[p] > c.share/2
	}
	return c.outstanding[p] >= c.share
}

// filled tells whether p alone would let the polling stop, given whether it is stopped.
func (c *credit) filled(p messages.TopicPartition, stopped bool) bool {
	if stopped {
		return c.outstanding[p] > c.share/2
	}
	return c.outstanding[p] >= c.share*2/3
}
