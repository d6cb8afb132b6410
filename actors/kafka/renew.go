package kafka

import (
	"fmt"

	"github.com/hibana-stream/hibana/messages"
)

// broken stops the fetching of p until the next Reset.
func (f *fetcher) broken(p *partition) {
	p.why |= unopened
	p.fetching = false
	f.client.PauseFetchPartitions(map[string][]int32{p.Topic: {p.Partition}})
}

// renew deals with a partition whose next records are gone: retention was faster than we, or the cluster has lost what is behind
// lost. The look-up runs beside the fetcher. Under GoneFail it ends in SourceFailed; else the aggregator is told that the partition
// is Lost, and at once Assigned again with where it goes on and how much is Gone: so the hole lies between two batches and stands
// in the ledger.
//
// Revoked or lost during the look-up: the holding is another one then, or leaving, and the result is dropped.
func (s *Source) renew(p *partition, lost int64) {
	at, h, position, epoch := p.TopicPartition, p.holding, p.position, p.epoch
	s.spawn(func() {
		all, err := s.lookup(s.ctx, []messages.TopicPartition{at})
		if err != nil {
			if s.ctx.Err() == nil {
				s.fail(err)
			}
			return
		}
		f := all[at]
		f.lost = lost
		if lost == noOffset && f.start <= position && position <= f.highWatermark { // a broker that lagged behind has said so
			s.enqueue(func(f *fetcher) { f.reopen(at, h, epoch) })
			return
		}
		fresh, err := s.decide(at, f)
		if err == nil && s.config.Gone == GoneFail {
			err = fmt.Errorf("%w: the position %d of %s, though the committed offset is in it", messages.ErrOffsetGone, position, at)
		}
		if err != nil {
			s.fail(err)
			return
		}
		s.replaceHolding(fresh, h)
	})
}

// reopen takes a broken back, unless somebody has reset the partition since.
func (f *fetcher) reopen(at messages.TopicPartition, h *holding, epoch int64) {
	if p := f.partitions[at]; p != nil && p.holding == h && p.epoch == epoch {
		p.why &^= unopened
	}
}

// replaceHolding puts a new assignment in the place of h and tells both ends of it.
func (s *Source) replaceHolding(at messages.Position, h *holding) {
	s.tellMu.Lock()
	defer s.tellMu.Unlock()
	s.mu.Lock()
	if s.owned[at.TopicPartition] != h || h.leaving {
		s.mu.Unlock()
		return
	}
	fresh := &holding{
		number: holdings.Add(1), resolved: true, start: at.From, from: at.From, seen: h.seen, explicit: h.explicit, topic: h.topic, former: h.former,
	}
	at.Assignment = fresh.number
	s.owned[at.TopicPartition] = fresh
	s.enqueueLocked(func(f *fetcher) {
		f.forget(at.TopicPartition, h)
		f.place(at, fresh, noOffset)
	})
	known := s.deliver != nil && h.told == s.joins
	if known {
		fresh.told = s.joins
	}
	s.mu.Unlock()
	if known {
		s.deliver(messages.NewLost([]messages.TopicPartition{at.TopicPartition}))
		s.deliver(messages.NewAssigned([]messages.Position{at}))
	}
}
