package kafka

import (
	"time"

	"github.com/hibana-stream/hibana/messages"
)

// place starts the account of a partition that is assigned and resolved: closed until its first Reset. position is where kgo
// stands, noOffset when it has to be moved in any case.
func (f *fetcher) place(at messages.Position, h *holding, position int64) {
	f.partitions[at.TopicPartition] = &partition{
		TopicPartition: at.TopicPartition, holding: h, topic: at.TopicID, position: position, end: at.End, seek: noOffset,
		why: unopened, active: time.Now(),
	}
}

// forget ends the account, unless it is that of a later assignment already.
func (f *fetcher) forget(p messages.TopicPartition, h *holding) {
	known := f.partitions[p]
	if known == nil || known.holding != h {
		return
	}
	if known.fetching {
		f.client.PauseFetchPartitions(map[string][]int32{p.Topic: {p.Partition}})
	}
	delete(f.partitions, p)
	f.credit.forget(p)
}

// reset opens the partition for a new reader. What the reader before still holds no longer counts: its Consumed is stale.
// A Reset that comes while the partition is being revoked, or after that, finds no cursor or no account and does nothing.
func (f *fetcher) reset(p messages.TopicPartition, from, epoch int64, deliver func(messages.Events)) {
	known := f.partitions[p]
	if known == nil {
		return
	}
	known.epoch, known.deliver = epoch, deliver
	known.why &^= unopened | memory
	known.seek = noOffset
	if from != known.position {
		known.seek = from
	}
	f.credit.forget(p)
}

func (f *fetcher) consumed(p messages.TopicPartition, epoch, bytes int64) {
	if known := f.partitions[p]; known != nil && known.epoch == epoch {
		f.credit.consume(p, bytes)
	}
}

func (f *fetcher) detach(p messages.TopicPartition, epoch int64) {
	if known := f.partitions[p]; known != nil && known.epoch == epoch {
		f.close(known)
	}
}

// close stops the fetching of p until its next Reset; the epoch it had is over.
func (f *fetcher) close(p *partition) {
	p.why |= unopened
	p.epoch = 0
	p.seek = noOffset
	f.credit.forget(p.TopicPartition)
}

// closeAll stops all fetching until new readers come: those there were belonged to an aggregator that is gone.
func (f *fetcher) closeAll() {
	for _, p := range f.partitions {
		f.close(p)
	}
}

func (f *fetcher) pause(p messages.TopicPartition, on bool) {
	known := f.partitions[p]
	switch {
	case known == nil:
	case on:
		known.why |= operator
	default:
		known.why &^= operator
	}
}
