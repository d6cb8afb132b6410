package kafka

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kversion"

	"github.com/hibana-stream/hibana/messages"
)

// Transactions writes a batch's records and the offsets behind it in one Kafka transaction: it is actors.Transactions.
//
// It has a producing client of its own, beside the Source's consuming one and the producer actor's, which is not transactional.
// kgo's GroupTransactSession, the usual way, wants one client that consumes and produces: it commits whatever was polled, also what
// was prefetched for the next batch, it rewinds positions behind the Source's back, it swallows revocations, and ending a
// transaction within one deadlocks. With two clients the offsets are exactly the batch's, a revocation may wait for the commit,
// and the producing client can be thrown away while the member goes on consuming. What a session would do, tie the offsets to
// the member's generation (KIP-447), claim does.
//
// Its methods are called by one goroutine; Close may be called from any.
type Transactions struct {
	config TransactionsConfig
	log    *slog.Logger
	ctx    context.Context // ends what waits when it is closed
	cancel context.CancelFunc

	opened atomic.Bool // Open has succeeded

	mu     latch
	writer *Writer         // nil: the client has failed, and the next use makes a new one
	begun  bool            // records were produced since the last end
	since  time.Time       // when the first of them was
	topics map[string]bool // to which they went
	old    bool            // the brokers want to be told of the group before the offsets (before KIP-890)
	stands map[messages.TopicPartition]stand
	saved  map[messages.TopicPartition]bool // whose state the transaction under way has in it
	closed bool
}

// TransactionsConfig is what Transactions need to know.
type TransactionsConfig struct {
	// Client are the producing client's options, as Settings.ProducerOptions gives them.
	Client []kgo.Opt
	// ID is Kafka's transactional.id: the same after a restart, another for every other instance.
	ID string
	// Timeout is after how long the brokers abort a transaction; at most the group's session timeout, or readers wait longer for a
	// dead member's records than the group does.
	Timeout time.Duration
	// Source is the member whose offsets are committed.
	Source *Source
	// Changelog takes the state's changes; nil for a job that keeps none by partition.
	Changelog *Changelog
	// Log gets what a person may want to know; nil drops it.
	Log *slog.Logger
}

var errTransactionsClosed = errors.New("the transactions are closed")

// NewTransactions checks the options; it does not touch the network.
func NewTransactions(c TransactionsConfig) (*Transactions, error) {
	t := &Transactions{config: c, log: c.Log, mu: newLatch(), stands: map[messages.TopicPartition]stand{}}
	if t.log == nil {
		t.log = slog.New(slog.DiscardHandler)
	}
	if err := kgo.ValidateOpts(t.options()...); err != nil {
		return nil, fmt.Errorf("transactions: %w", err)
	}
	t.ctx, t.cancel = context.WithCancel(context.Background())
	return t, nil
}

// options caps two requests: their next versions name topics by id, which only kgo's own group consumer knows.
func (t *Transactions) options() []kgo.Opt {
	versions := kversion.Stable()
	versions.SetMaxKeyVersion(keyOffsetCommit, 9)
	versions.SetMaxKeyVersion(keyTxnOffsetCommit, 5)
	options := slices.Clone(t.config.Client)
	if t.config.Changelog != nil {
		options = append(options, toItsPartition(t.config.Changelog.topics()))
	}
	return append(options, kgo.MaxVersions(versions), kgo.TransactionalID(t.config.ID), kgo.TransactionTimeout(t.config.Timeout),
		kgo.ConcurrentTransactionsBackoff(markersWait))
}

// markersWait is how soon a transaction is begun again that the coordinator has refused because the one before is still being ended: its
// markers are written a millisecond or two after the answer. kgo's own 20 ms are two batches of the shortest interval, and when it takes
// long, kgo waits longer each time.
const markersWait = 2 * time.Millisecond

// markersWaitMax is what the wait for them grows to, where it is ours.
const markersWaitMax = 250 * time.Millisecond

// Open asks for the producer's id. It comes before anything is consumed: the answer ends what a dead predecessor of the same name
// has left open, and fences the predecessor if it is only stunned. Left to the first record, the committed offsets would stay
// locked until the transaction times out. After it has succeeded once it does nothing. It may be called from any goroutine.
func (t *Transactions) Open(ctx context.Context) error {
	if t.opened.Load() {
		return nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	err := t.open(ctx)
	t.opened.Store(err == nil)
	return err
}

// open makes a client if there is none, and has its id when it returns nil. The id goes with the instance's name: a process that was
// stunned while another one took its name must not take the id back, and fence the living one in turn.
func (t *Transactions) open(ctx context.Context) error {
	if t.closed {
		return errTransactionsClosed
	}
	if t.writer != nil {
		return nil
	}
	if t.opened.Load() {
		if err := t.config.Source.named(ctx); err != nil {
			return err
		}
	}
	writer, err := NewWriter(t.options(), 0, t.log)
	if err != nil {
		return err
	}
	t.writer = writer
	if _, _, err = writer.client.ProducerID(ctx); err == nil {
		t.old, err = needsAddOffsets(ctx, writer.client)
	}
	if err != nil {
		t.discard()
		return Explain(err, Subject{Doing: "beginning a transaction as", TransactionalID: t.config.ID})
	}
	return nil
}

// discard throws the client away, with all that it has not written. What it may have begun is ended by the next one's id.
func (t *Transactions) discard() {
	if t.writer == nil {
		return
	}
	t.writer.abandon()
	t.writer, t.begun, t.saved = nil, false, nil
}

// Pending tells whether records were produced that no Commit or Abort has ended.
func (t *Transactions) Pending() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.begun
}

// ProduceAll writes records within the transaction under way, which the first of them begins, and returns nil when all are acknowledged.
// After an error the transaction can only be aborted.
func (t *Transactions) ProduceAll(ctx context.Context, records []messages.Outgoing) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	ctx, cancel := t.bound(ctx)
	defer cancel()
	if err := t.begin(ctx); err != nil {
		return err
	}
	for _, r := range records {
		t.topics[r.Topic()] = true
	}
	return t.late(t.writer.ProduceAll(ctx, records))
}

func (t *Transactions) begin(ctx context.Context) error {
	if t.begun {
		return nil
	}
	if err := t.open(ctx); err != nil {
		return err
	}
	if err := t.writer.client.BeginTransaction(); err != nil {
		t.discard()
		return fmt.Errorf("beginning a transaction: %w", err)
	}
	t.begun, t.since, t.topics = true, time.Now(), map[string]bool{}
	return nil
}

// late says of a transaction that the brokers no longer know why that is, if it took too long.
func (t *Transactions) late(err error) error {
	unknown := func(code error) bool { return errors.Is(err, code) }
	took := time.Since(t.since).Round(time.Millisecond)
	if took < t.config.Timeout || !slices.ContainsFunc([]error{kerr.ProducerFenced, kerr.InvalidProducerEpoch, kerr.InvalidTxnState, kerr.InvalidProducerIDMapping}, unknown) {
		return err
	}
	return fmt.Errorf("the batch's transaction took %v, and the brokers abort it after transaction.timeout.ms (and session.timeout.ms), which is %v: %w",
		took, t.config.Timeout, err)
}

// bound is ctx, ended by Close as well.
func (t *Transactions) bound(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(t.ctx, cancel)
	return ctx, func() { stop(); cancel() }
}

// Close aborts what is open and closes the client. When ctx ends first, whatever still waits for the brokers is broken off.
func (t *Transactions) Close(ctx context.Context) {
	defer context.AfterFunc(ctx, t.cancel)()
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return
	}
	t.abort(ctx)
	t.discard()
	t.closed = true
	t.cancel()
}
