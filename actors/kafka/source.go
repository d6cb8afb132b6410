package kafka

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"sync"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/hibana-stream/hibana/messages"
)

// SourceConfig is what a Source needs to know. Group and one of Topics and Pattern are required.
type SourceConfig struct {
	// Client are brokers, security, client id, fetch sizes and logger. What the Source sets itself (the group, the callbacks,
	// the offset reset) cannot be overridden here; kgo.MetadataMaxAge can (default 30 s: how soon new partitions are found).
	Client []kgo.Opt
	// Group is Kafka's group.id, InstanceID its group.instance.id; "" makes a dynamic member.
	Group, InstanceID string
	// Topics are read; or every topic that Pattern, a regular expression, matches. Not both.
	Topics  []string
	Pattern string
	// Partitions are start offsets given by the user. They win over the committed ones until this Source has committed the
	// partition for the first time.
	Partitions map[messages.TopicPartition]int64
	// CommittedFirst are topics whose committed offsets come before Partitions: state that was saved belongs to them.
	CommittedFirst []string
	// Reset applies without a committed offset, Gone when the offset is not in the log any more.
	Reset ResetPolicy
	Gone  GonePolicy
	// ReadCommitted hides records of open and aborted transactions; a partition then ends at its last stable offset.
	ReadCommitted bool
	// Memory bounds the bytes of records that are delivered and not yet Consumed; default 64 MiB. Each partition may hold an
	// equal share, at least 256 KiB, and exceed it by the records of one poll.
	Memory int64
	// RevokeTimeout bounds how long a Revoked waits for Released; default half of RebalanceTimeout, which it must not exceed.
	RevokeTimeout time.Duration
	// SessionTimeout, RebalanceTimeout and HeartbeatInterval are the group's; 0 means 45 s, 60 s and 3 s.
	SessionTimeout, RebalanceTimeout, HeartbeatInterval time.Duration
	// Drain remembers where the topics end when something is assigned for the first time: Undrained is about that.
	Drain bool
	// Prepare, when it is there, is called for each assignment before its committed offsets are looked up, again until it succeeds.
	Prepare func(context.Context) error
	// Log gets what a person may want to know; nil drops it.
	Log *slog.Logger
}

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

// complete fills in the defaults and refuses what cannot work.
func (c *SourceConfig) complete() error {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Memory <= 0 {
		c.Memory = 64 << 20
	}
	if c.SessionTimeout <= 0 {
		c.SessionTimeout = 45 * time.Second
	}
	if c.RebalanceTimeout <= 0 {
		c.RebalanceTimeout = time.Minute
	}
	if c.RevokeTimeout <= 0 {
		c.RevokeTimeout = c.RebalanceTimeout / 2
	}
	switch {
	case c.Group == "":
		return errors.New("source: no group")
	case len(c.Topics) == 0 && c.Pattern == "":
		return errors.New("source: no topics")
	case len(c.Topics) > 0 && c.Pattern != "":
		return errors.New("source: topics or a pattern, not both")
	case c.RevokeTimeout > c.RebalanceTimeout:
		return fmt.Errorf("source: the revoke timeout %v exceeds the rebalance timeout %v", c.RevokeTimeout, c.RebalanceTimeout)
	}
	if _, err := regexp.Compile(c.Pattern); err != nil {
		return fmt.Errorf("source: pattern: %w", err)
	}
	return nil
}

// options are the caller's between the defaults and what the Source relies on: kgo lets the last one win.
func (s *Source) options() []kgo.Opt {
	c := s.config
	opts := append([]kgo.Opt{kgo.MetadataMaxAge(30 * time.Second)}, c.Client...)
	opts = append(opts,
		kgo.WithContext(s.base),
		kgo.ConsumerGroup(c.Group),
		kgo.Balancers(kgo.CooperativeStickyBalancer()),
		kgo.DisableAutoCommit(),
		kgo.KeepControlRecords(),
		kgo.SessionTimeout(c.SessionTimeout),
		kgo.RebalanceTimeout(c.RebalanceTimeout),
		kgo.ConsumeResetOffset(kgo.NoResetOffset()), // out of range is our policy's matter, never kgo's
		kgo.AdjustFetchOffsetsFn(s.onOffsets),
		kgo.OnPartitionsAssigned(s.onAssigned),
		kgo.OnPartitionsRevoked(s.onRevoked),
		kgo.OnPartitionsLost(s.onLost),
		kgo.ConsumeTopics(c.Topics...),
	)
	if c.Pattern != "" {
		opts = append(opts, kgo.ConsumeRegex(), kgo.ConsumeTopics(c.Pattern))
	}
	if c.InstanceID != "" {
		opts = append(opts, kgo.InstanceID(c.InstanceID))
	}
	if c.ReadCommitted {
		opts = append(opts, kgo.FetchIsolationLevel(kgo.ReadCommitted()))
	}
	if c.HeartbeatInterval > 0 {
		opts = append(opts, kgo.HeartbeatInterval(c.HeartbeatInterval))
	}
	return opts
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
	if s.stopped {
		return nil
	}
	if err := s.connectLocked(); err != nil {
		return err
	}
	s.work.Go(newFetcher(s, s.client).run)
	s.work.Go(s.watch)
	return nil
}

// connectLocked makes a client, which joins the group. It may call back before NewClient has returned; all that the callbacks need waits for
// mu, which the caller holds.
func (s *Source) connectLocked() error {
	client, err := kgo.NewClient(s.opts...)
	if err != nil {
		return err
	}
	s.client, s.admin = client, kadm.NewClient(client)
	return nil
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
