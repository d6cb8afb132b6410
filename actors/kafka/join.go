package kafka

import (
	"github.com/hibana-stream/hibana/messages"
)

// Join implements actors.Membership. deliver is called on goroutines of the Source's, one call at a time.
//
// A second Join means that an aggregator has taken over from one that is gone:
//   - the earlier deliver gets nothing more once Join has returned (tellMu);
//   - its readers get nothing more either: all partitions are closed until their next Reset;
//   - a Revoked that waits for the earlier one's Released is released: nobody is left who would answer, and whatever it had
//     begun either commits while the partition is still ours or fails with ErrNotOwner;
//   - what is being resolved just now is told by onOffsets, what has been told before is told again by replay. A partition is told
//     once per Join, whichever of the two comes first (holding.told).
func (s *Source) Join(deliver func(any)) {
	s.tellMu.Lock()
	defer s.tellMu.Unlock()
	join, waiting, failure := s.replace(deliver)
	if join == 0 {
		return
	}
	if waiting != "" {
		deliver(messages.SourceWaits{For: waiting})
	}
	if failure != nil {
		deliver(messages.SourceFailed{Err: failure})
	}
	s.spawn(func() { s.replay(join) })
}

// replace puts deliver in the place of the one before; 0 when the source has stopped. The caller holds tellMu, not mu: deliver
// may call back into the source.
func (s *Source) replace(deliver func(any)) (join int64, waiting string, failure error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped {
		return 0, "", nil
	}
	s.joins++
	s.deliver = deliver
	for _, r := range s.revokes {
		r.release()
	}
	s.enqueueLocked((*fetcher).closeAll)
	return s.joins, s.waiting, s.failure
}

// replay tells a new Join what is assigned, positions read afresh.
func (s *Source) replay(join int64) {
	s.mu.Lock()
	var partitions []messages.TopicPartition
	for p, h := range s.owned {
		if h.resolved && !h.leaving && h.told != join {
			partitions = append(partitions, p)
		}
	}
	empty := s.joined && len(s.owned) == 0
	s.mu.Unlock()
	switch {
	case empty:
		s.tellAssigned(nil, join)
	case len(partitions) > 0:
		positions, err := s.resolve(s.ctx, partitions)
		if err == nil {
			s.tellAssigned(positions, join)
		} else if s.ctx.Err() == nil {
			s.fail(err)
		}
	}
}

// Released implements actors.Membership. An unknown ID (it took too long) does nothing.
func (s *Source) Released(id int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r := s.revokes[id]; r != nil {
		r.release()
	}
}

// release lets the group have the partitions. The caller holds Source.mu.
func (r *revoke) release() {
	select {
	case <-r.released:
	default:
		close(r.released)
	}
}

func (s *Source) joinCount() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.joins
}

// tell delivers a message to the aggregator; false when there is none.
func (s *Source) tell(message any) bool {
	s.tellMu.Lock()
	defer s.tellMu.Unlock()
	if s.deliver == nil {
		return false
	}
	s.deliver(message)
	return true
}

// tellAssigned tells the Join of that number of those positions that it does not know of and that are still ours: a partition may
// have been lost or be on its way out since it was looked up.
func (s *Source) tellAssigned(positions []messages.Position, join int64) {
	s.tellMu.Lock()
	defer s.tellMu.Unlock()
	s.mu.Lock()
	var news []messages.Position
	for _, at := range positions {
		if h := s.owned[at.TopicPartition]; h != nil && !h.leaving && h.told != s.joins {
			news = append(news, at)
		}
	}
	ok := s.deliver != nil && join == s.joins && (len(news) > 0 || len(positions) == 0)
	if ok {
		for _, at := range news {
			s.owned[at.TopicPartition].told = join
		}
	}
	s.mu.Unlock()
	if ok {
		s.deliver(messages.NewAssigned(news))
	}
}

// wait says what the source waits for in one respect, "" for nothing, and publishes a change of the whole.
func (s *Source) wait(kind, what string) {
	s.tellMu.Lock()
	defer s.tellMu.Unlock()
	s.mu.Lock()
	s.waits[kind] = what
	now := ""
	for _, k := range []string{waitBrokers, waitTopics, waitGroup, waitOffsets, waitFetch} {
		if s.waits[k] != "" {
			now = s.waits[k]
			break
		}
	}
	changed := now != s.waiting
	s.waiting = now
	s.mu.Unlock()
	if !changed {
		return
	}
	if now != "" {
		s.log.Debug("the source waits", "for", now)
	}
	if s.deliver != nil {
		s.deliver(messages.SourceWaits{For: now})
	}
}

// What a source may wait for, the most fundamental first: only that is told.
const (
	waitBrokers = "brokers"
	waitTopics  = "topics"
	waitGroup   = "group"
	waitOffsets = "offsets"
	waitFetch   = "fetch"
)

// Waiting is what the source waits for, as in the last SourceWaits; "" for nothing.
func (s *Source) Waiting() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.waiting
}

// fail tells that the source cannot go on, once; a later Join is told again.
func (s *Source) fail(err error) {
	s.tellMu.Lock()
	defer s.tellMu.Unlock()
	s.mu.Lock()
	first := s.failure == nil
	if first {
		s.failure = err
	}
	s.mu.Unlock()
	if !first {
		return
	}
	s.log.Error("the source has failed", "error", err)
	if s.deliver != nil {
		s.deliver(messages.SourceFailed{Err: err})
	}
}
