package kafka

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/hibana-stream/hibana/messages"
)

// Source reads Kafka as one member of a consumer group: it is actors.Reader, actors.Membership and actors.Offsets.
//
// One goroutine (fetcher) polls and does all that touches the fetch state; everybody else queues commands for it. The group's
// callbacks run on goroutines of kgo's; they change the table of owned partitions under mu and wait for the fetcher, never the
// other way round. The function given to Join is called under tellMu, which serializes it; it must not block, and must not
// call Join or Stop.
type Source struct {
	config SourceConfig
	opts   []kgo.Opt
	log    *slog.Logger

	base     context.Context // kgo's own context: its end is a crash, as far as the group can tell
	crash    context.CancelFunc
	ctx      context.Context // the context of look-ups, ends first
	cancel   context.CancelFunc
	stopping chan struct{}
	polled   chan struct{} // closed when the fetcher has ended
	work     sync.WaitGroup
	once     sync.Once

	tellMu  sync.Mutex
	deliver func(any)

	mu      sync.Mutex
	client  *kgo.Client // nil before Start; another one when the instance name was lost and taken back
	admin   *kadm.Client
	queue   queue
	stopped bool
	joined  bool // the group has told what is assigned, be it nothing
	joins   int64
	owned   map[messages.TopicPartition]*holding
	member  string // the id under which it has joined last, "" before
	revokes map[int64]*revoke
	revoked int64 // the last revoke's ID
	started map[messages.TopicPartition]bool
	waits   map[string]string
	waiting string
	failure error
	goals   map[messages.TopicPartition]int64 // where partitions end, for Drain; nil before they are known
	usurped bool                              // another member has our InstanceID; client has left the group
}

// NewSource checks the configuration. It does not touch the network; Start does.
func NewSource(c SourceConfig) (*Source, error) {
	if err := c.complete(); err != nil {
		return nil, err
	}
	s := &Source{
		config: c, log: c.Log,
		stopping: make(chan struct{}), polled: make(chan struct{}),
		owned:   make(map[messages.TopicPartition]*holding),
		revokes: make(map[int64]*revoke),
		started: make(map[messages.TopicPartition]bool),
		waits:   make(map[string]string),
	}
	s.base, s.crash = context.WithCancel(context.Background())
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.opts = s.options()
	if err := kgo.ValidateOpts(s.opts...); err != nil {
		return nil, fmt.Errorf("source: %w", err)
	}
	return s, nil
}

// Start joins the group and starts the Source's goroutines. Call it once; what happens is told to the function given to Join.
func (s *Source) Start() {
	if err := s.start(); err != nil { // NewSource has validated the options: nothing is left to go wrong
		s.fail(fmt.Errorf("source: %w", err))
	}
}

// start holds mu throughout, so that a Stop comes before all of it or after.
func (s *Source) start() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if ok, err := s.connectLocked(); !ok {
		return err
	}
	s.work.Go(newFetcher(s, s.client).run)
	s.work.Go(s.watch)
	return nil
}

// connectLocked makes a client, which joins the group; not after Stop. The client may call back before NewClient has returned; all that the
// callbacks need waits for mu, which the caller holds.
func (s *Source) connectLocked() (ok bool, err error) {
	if s.stopped {
		return false, nil
	}
	client, err := kgo.NewClient(s.opts...)
	if err != nil {
		return false, err
	}
	s.client, s.admin = client, kadm.NewClient(client)
	return true, nil
}

// clients are the client of now, and its administrator.
func (s *Source) clients() (*kgo.Client, *kadm.Client) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.client, s.admin
}

// spawn runs f on a goroutine that Stop waits for; after Stop it does nothing.
func (s *Source) spawn(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.stopped {
		s.work.Go(f)
	}
}

// leaveTimeout bounds how long a Stop waits for the group coordinator.
const leaveTimeout = 5 * time.Second

// Stop ends the Source and waits for all of its goroutines. With leave it leaves the group, so that the others take the partitions
// over at once; without, it goes like a crash: the group waits for the session to time out, or for the same InstanceID to come
// back. Nothing is delivered after Stop has been called. Calling it again waits for the first call.
func (s *Source) Stop(leave bool) { s.once.Do(func() { s.stop(leave) }) }

// stop walks in an order in which nobody waits for somebody who is gone: first the callbacks stop waiting for a Released
// (stopping), look-ups end (cancel); then the group is left while the fetcher still serves the callbacks' commands; then the
// client closes, which ends the fetcher.
func (s *Source) stop(leave bool) {
	s.tellMu.Lock()
	s.mu.Lock()
	s.deliver, s.stopped = nil, true
	client := s.client
	s.mu.Unlock()
	s.tellMu.Unlock()
	close(s.stopping)
	s.cancel()
	if client != nil {
		if leave {
			s.leave(client)
		}
		s.crash()
		client.Close()
	}
	s.crash()
	s.work.Wait()
}

// process-wide, so that an epoch never repeats, whatever Source it came from.
var epochs atomic.Int64
