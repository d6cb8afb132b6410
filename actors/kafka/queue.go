package kafka

import (
	"context"

	"github.com/hibana-stream/hibana/messages"
)

// command is something that the fetcher does between two polls.
type command func(*fetcher)

// queue holds the fetcher's commands and what interrupts its poll. It is guarded by Source.mu. It is unbounded, and bounded by
// what it is used for: one Consumed for each Events delivered, a few commands per consumer and rebalance.
type queue struct {
	commands []command
	wake     context.CancelFunc
	hungry   bool // somebody waits for credit: a Consumed must wake the poll
}

// enqueue leaves c for the fetcher and interrupts its poll.
func (s *Source) enqueue(c command) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.enqueueLocked(c)
}

func (s *Source) enqueueLocked(c command) {
	s.queue.commands = append(s.queue.commands, c)
	if s.queue.wake != nil {
		s.queue.wake()
	}
}

// next takes the commands. When there are none it returns a context for the next poll, which enqueue will cancel; no command
// gets lost in between, because both happen under mu.
func (s *Source) next(hungry bool, last context.Context) ([]command, context.Context) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q := &s.queue
	q.hungry = hungry
	if len(q.commands) > 0 {
		commands := q.commands
		q.commands = nil
		return commands, last
	}
	if last == nil || last.Err() != nil {
		last, q.wake = context.WithCancel(s.base)
	}
	return nil, last
}

// Reset implements actors.Reader.
func (s *Source) Reset(p messages.TopicPartition, from int64, deliver func(messages.Events)) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	epoch := epochs.Add(1) // under mu: the commands' order is the epochs' order
	s.enqueueLocked(func(f *fetcher) { f.reset(p, from, epoch, deliver) })
	return epoch
}

// Consumed implements actors.Reader. It interrupts the poll only when a partition waits for credit.
func (s *Source) Consumed(p messages.TopicPartition, epoch int64, bytes int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.queue.commands = append(s.queue.commands, func(f *fetcher) { f.consumed(p, epoch, int64(bytes)) })
	if s.queue.hungry && s.queue.wake != nil {
		s.queue.wake()
	}
}

// Detach implements actors.Reader.
func (s *Source) Detach(p messages.TopicPartition, epoch int64) {
	s.enqueue(func(f *fetcher) { f.detach(p, epoch) })
}

// Pause implements actors.Membership.
func (s *Source) Pause(p messages.TopicPartition, on bool) {
	s.enqueue(func(f *fetcher) { f.pause(p, on) })
}
