package kafka

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/hibana-stream/hibana/messages"
)

// DefaultUnacknowledged is how many records may be unacknowledged when NewWriter is given no number.
const DefaultUnacknowledged = 10_000

// defaultBufferBytes bounds their bytes when the options do not (buffer.memory).
const defaultBufferBytes = 32 << 20

// errWriterClosed fails what is handed over after Close.
var errWriterClosed = errors.New("the writer is closed")

// Writer writes records to Kafka: it is actors.Writer. Records of one partition arrive in the order in which they were handed
// over, and each gets exactly one report. Its methods may be called from any goroutine.
type Writer struct {
	client *kgo.Client
	last   *lastConnection
	gate   *gate
	limits limits
	log    *slog.Logger
	// unanswered is acks: 0: nobody tells where a record stands.
	unanswered bool

	mu     sync.RWMutex // held for reading while a record is handed to the client, so that Close comes before or after it
	closed bool
	once   sync.Once
	failed error // what Close has to say
}

// NewWriter makes a producing client from options such as Settings.ProducerOptions gives them; it connects when it is first
// used. At most maxUnacknowledged records (DefaultUnacknowledged when 0), and buffer.memory bytes, are unacknowledged at a
// time. log may be nil.
func NewWriter(options []kgo.Opt, maxUnacknowledged int, log *slog.Logger) (*Writer, error) {
	if maxUnacknowledged <= 0 {
		maxUnacknowledged = DefaultUnacknowledged
	}
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	last := &lastConnection{}
	client, err := kgo.NewClient(append(writing(options), kgo.WithHooks(last))...)
	if err != nil {
		return nil, fmt.Errorf("the Kafka producer cannot be made: %w", err)
	}
	w := &Writer{client: client, last: last, log: log, limits: limitsOf(client)}
	w.unanswered = client.OptValue(kgo.RequiredAcks) == kgo.NoAck()
	w.gate = newGate(int64(maxUnacknowledged), w.limits.buffer)
	return w, nil
}

// writing adds what the Writer relies on. The client's own bound on records is out of the way: it would report a full buffer
// through a queue that can block the caller. And delivery.timeout.ms and retries hold, as in Java's producer, also for a record
// whose request got no answer: it fails, and may stand nevertheless. The client allows that without a transaction only.
func writing(options []kgo.Opt) []kgo.Opt {
	options = append(slices.Clone(options), kgo.MaxBufferedRecords(1<<31-1))
	if bounded := append(slices.Clone(options), kgo.AllowIdempotentProduceCancellation()); kgo.ValidateOpts(bounded...) == nil {
		return bounded
	}
	return options
}

// Produce hands over one record and returns at once. done is called exactly once, perhaps before Produce returns, and must not
// block: with the record's place, or with an error of one sentence. messages.ErrTooManyUnacknowledged says that there is no
// room now; the record was not written.
func (w *Writer) Produce(record messages.Outgoing, done func(messages.Delivered)) {
	r := encode(record)
	if err := w.limits.check(r); err != nil {
		done(messages.Delivered{Err: err})
		return
	}
	if !w.gate.tryEnter(recordSize(r)) {
		records, bytes := w.gate.inside()
		done(messages.Delivered{Err: fmt.Errorf("%w: %d records, %d bytes", messages.ErrTooManyUnacknowledged, records, bytes)})
		return
	}
	w.send(r, done)
}

// send hands over a record that has its room. The context is never cancelled: with one record the client would fail all that
// wait for the same partition, whoever handed them over.
func (w *Writer) send(r *kgo.Record, done func(messages.Delivered)) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	size := recordSize(r)
	if w.closed {
		w.gate.leave(size)
		done(messages.Delivered{Err: errWriterClosed})
		return
	}
	w.client.TryProduce(context.Background(), r, func(r *kgo.Record, err error) {
		w.gate.leave(size)
		if err != nil {
			done(messages.Delivered{Err: w.explain(r, err)})
			return
		}
		at := place(r)
		if w.unanswered {
			at.Offset = messages.NoOffset
		}
		done(messages.Delivered{Place: at})
	})
}

// explain adds to a record that has waited in vain why there was no connection.
func (w *Writer) explain(r *kgo.Record, err error) error {
	said := w.limits.explain(r, err)
	if last := w.last.failed(); last != nil && (errors.Is(err, kgo.ErrRecordTimeout) || errors.Is(err, kgo.ErrClientClosed)) {
		return fmt.Errorf("%w: %w", said, explainConnection(w.client, last, Subject{Doing: "connecting"}))
	}
	return said
}

// ProduceAll writes records and returns nil when all of them are acknowledged, else the first error. It waits for room. After
// an error, or when ctx ends, records that were handed over before may still be written.
func (w *Writer) ProduceAll(ctx context.Context, records []messages.Outgoing) error {
	answers := make(chan error, len(records))
	sent := 0
	for _, record := range records {
		r := encode(record)
		if err := w.limits.check(r); err != nil {
			return err
		}
		if err := w.gate.enter(ctx, recordSize(r)); err != nil {
			return fmt.Errorf("%d of %d records were handed over, the rest found no room: %w", sent, len(records), err)
		}
		sent++
		w.send(r, func(d messages.Delivered) { answers <- d.Err })
	}
	if w.limits.id == "" {
		defer w.hurry(ctx)()
	}
	for acknowledged := range sent {
		select {
		case err := <-answers:
			if err != nil {
				return err
			}
		case <-ctx.Done():
			return fmt.Errorf("%d of %d records are unacknowledged: %w", sent-acknowledged, sent, ctx.Err())
		}
	}
	return nil
}

// hurry sends what lingers (linger.ms): a batch is handed over as a whole, and nothing that could share its requests comes any more. It
// does not wait, since others may go on writing; what it returns ends it. Not for transactions: when they follow each other as fast as
// the brokers can end them, more and smaller ones take longer in all (measured).
func (w *Writer) hurry(ctx context.Context) (end func()) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = w.client.Flush(ctx)
	}()
	return func() { cancel(); <-done }
}

// Flush sends what lingers and waits until nothing is unacknowledged, or until ctx ends.
func (w *Writer) Flush(ctx context.Context) error {
	if err := w.client.Flush(ctx); err != nil {
		records, _ := w.gate.inside()
		return fmt.Errorf("unacknowledged records: %d: %w", records, err)
	}
	return nil
}

// Unacknowledged is how many records were handed over and have neither been acknowledged nor failed.
func (w *Writer) Unacknowledged() int {
	records, _ := w.gate.inside()
	return int(records)
}

// Close takes no more records, waits until all are acknowledged or ctx ends, and then fails what is left, each by its report.
// The error counts those. Every further Close waits for the first and returns the same.
func (w *Writer) Close(ctx context.Context) error {
	w.once.Do(func() {
		w.mu.Lock()
		w.closed = true
		w.mu.Unlock()
		w.failed = w.Flush(ctx)
		w.client.Close()
		if w.failed != nil {
			w.log.Error("records were not acknowledged", "err", w.failed)
		}
	})
	return w.failed
}

// abandon closes it without waiting for what is unacknowledged: each record's report is an error.
func (w *Writer) abandon() {
	w.once.Do(func() {
		w.mu.Lock()
		w.closed = true
		w.mu.Unlock()
		w.client.Close()
	})
}

func encode(record messages.Outgoing) *kgo.Record {
	r := &kgo.Record{Topic: record.Topic()}
	if key, ok := record.Key(); ok {
		r.Key = []byte(key)
	}
	if value, ok := record.Value(); ok {
		r.Value = []byte(value)
	}
	for h := range record.Headers() {
		header := kgo.RecordHeader{Key: h.Key}
		if !h.Null {
			header.Value = []byte(h.Value)
		}
		r.Headers = append(r.Headers, header)
	}
	return r
}

// recordSize is what a record counts for, as the client counts it: key, value and headers.
func recordSize(r *kgo.Record) int64 {
	n := len(r.Key) + len(r.Value)
	for _, h := range r.Headers {
		n += len(h.Key) + len(h.Value)
	}
	return int64(n)
}

func place(r *kgo.Record) messages.Place {
	return messages.Place{TopicPartition: messages.TopicPartition{Topic: r.Topic, Partition: r.Partition}, Offset: r.Offset}
}
