package kafka

import (
	"context"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/hibana-stream/hibana/messages"
)

// revoke is a Revoked that waits for its Released.
type revoke struct{ released chan struct{} }

// onRevoked is kgo's callback when partitions go to another member. The group waits for us, and we for Released, at most
// RevokeTimeout: kgo has stopped fetching the partitions, but they are ours and can be committed until we return. A commit that is
// on its way then is waited for by kgo before it joins again.
func (s *Source) onRevoked(_ context.Context, _ *kgo.Client, gone map[string][]int32) {
	partitions := flatten(gone)
	if len(partitions) == 0 {
		return
	}
	id, told, r := s.beginRevoke(partitions)
	if len(told) > 0 && s.tell(messages.NewRevoked(id, told)) {
		s.await(r, told)
	}
	s.disown(partitions, id)
}

// beginRevoke marks the partitions and says which of them the aggregator knows about: only for those there is something to wait
// for. Assigned told later than this skips them.
func (s *Source) beginRevoke(partitions []messages.TopicPartition) (int64, []messages.TopicPartition, *revoke) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.revoked++
	r := &revoke{released: make(chan struct{})}
	s.revokes[s.revoked] = r
	var told []messages.TopicPartition
	for _, p := range partitions {
		if h := s.owned[p]; h != nil {
			h.leaving = true
			if h.told == s.joins && h.told > 0 {
				told = append(told, p)
			}
		}
	}
	return s.revoked, told, r
}

func (s *Source) await(r *revoke, partitions []messages.TopicPartition) {
	timer := time.NewTimer(s.config.RevokeTimeout)
	defer timer.Stop()
	select {
	case <-r.released:
	case <-s.stopping:
	case <-timer.C:
		s.log.Warn("partitions go to another member before their batch has committed: it will run again there",
			"partitions", fmt.Sprint(partitions), "waited", s.config.RevokeTimeout.String())
	}
}

// onLost is kgo's callback when the group has given the partitions away already: nothing can be committed any more.
func (s *Source) onLost(_ context.Context, _ *kgo.Client, gone map[string][]int32) {
	partitions := flatten(gone)
	id, told, _ := s.beginRevoke(partitions)
	s.mu.Lock()
	s.joined = false
	s.mu.Unlock()
	s.disown(partitions, id)
	if len(told) > 0 {
		s.tell(messages.NewLost(told))
	}
}

// disown ends the ownership, first for commits, then in the fetcher; it returns when the fetcher has forgotten the partitions, so
// that no command of this assignment can touch the next one. The fetcher waits for nobody who might wait for us.
func (s *Source) disown(partitions []messages.TopicPartition, id int64) {
	forgotten := make(chan struct{})
	s.mu.Lock()
	delete(s.revokes, id)
	was := make(map[messages.TopicPartition]*holding)
	for _, p := range partitions {
		was[p] = s.owned[p]
		delete(s.owned, p)
	}
	s.enqueueLocked(func(f *fetcher) {
		for p, h := range was {
			f.forget(p, h)
		}
		close(forgotten)
	})
	s.mu.Unlock()
	select {
	case <-forgotten:
	case <-s.polled:
	}
}
