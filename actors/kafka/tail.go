package kafka

import (
	"context"
	"time"

	"github.com/hibana-stream/hibana/messages"
)

// quiet is how long nothing must come for a partition that is short of its end before its tail is looked at: compaction may have
// left nothing there that a poll would ever return, and then the position would stay short of the end for ever.
const quiet = 2 * time.Second

// tickLater asks for a look at the tails when p is short of its end.
func (f *fetcher) tickLater(p *partition) {
	if f.ticking || !p.fetching || p.position >= p.end {
		return
	}
	f.ticking = true
	time.AfterFunc(quiet/2, func() { f.source.enqueue((*fetcher).tick) })
}

// tick looks at the partitions that have been quiet for long enough.
func (f *fetcher) tick() {
	f.ticking = false
	now := time.Now()
	for _, p := range f.partitions {
		if !p.fetching || p.position >= p.end || f.stopped {
			continue
		}
		if now.Sub(p.active) >= quiet && !p.checking {
			p.checking = true
			f.source.checkTail(p.TopicPartition, p.holding, p.epoch, p.position)
		}
		f.tickLater(p)
	}
}

// checkTail asks the broker, beside the fetcher, what there is from position on.
//
// Reset, revoked or lost during the look: the epoch or the holding is another one then, and the result is dropped. Records polled
// during it: the position has moved, and the result is dropped. So the position only ever passes offsets that the broker has
// been asked about and has nothing to show for, twice; and nothing can be written into the middle of a log later.
func (s *Source) checkTail(p messages.TopicPartition, h *holding, epoch, position int64) {
	s.spawn(func() {
		ctx, cancel := context.WithTimeout(s.ctx, attempt)
		defer cancel()
		client, _ := s.clients()
		next, end, err := (&look{client: client, committed: s.config.ReadCommitted}).emptyUntil(ctx, p, position)
		if err != nil {
			s.log.Debug("the look at the tail failed", "partition", p.String(), "error", err)
			next = position
		}
		s.enqueue(func(f *fetcher) { f.checked(p, h, epoch, position, next, end) })
	})
}

// checked moves the position over a tail without records.
func (f *fetcher) checked(at messages.TopicPartition, h *holding, epoch, position, next, end int64) {
	p := f.partitions[at]
	if p == nil || p.holding != h {
		return
	}
	p.checking = false
	p.active = time.Now()
	if p.epoch != epoch || p.position != position || p.seek != noOffset || !p.fetching || next <= position {
		return
	}
	p.position, p.end = next, max(end, next)
	f.deliver(p, nil, 0)
}
