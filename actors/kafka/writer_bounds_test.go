package kafka

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/hibana-stream/hibana/messages"
)

// hold keeps produce requests unanswered until release is called. That waits until the cluster has gone on with them: kfake never
// unlocks what it locks when it is closed while it wakes one up, and the test would hang.
func hold(b *Broker) (release func()) {
	free := make(chan struct{})
	b.cluster.ControlKey(int16(kmsg.Produce), func(kmsg.Request) (kmsg.Response, error, bool) {
		b.cluster.KeepControl()
		b.cluster.SleepControl(func() { <-free })
		return nil, nil, false
	})
	return sync.OnceFunc(func() {
		close(free)
		synctest.Wait()
	})
}

// The bound on unacknowledged records refuses one at once, lets ProduceAll wait, and opens again.
func TestUnacknowledgedIsBounded(t *testing.T) {
	onBroker(t, func(t *testing.T, b *Broker) {
		release := hold(b)
		w := producer(t, b, 3)
		reports := make(chan messages.Delivered, 10)
		for _, r := range texts("1", "2", "3", "4") {
			w.Produce(r, func(d messages.Delivered) { reports <- d })
		}
		if d := <-reports; !errors.Is(d.Err, messages.ErrTooManyUnacknowledged) || w.Unacknowledged() != 3 {
			t.Errorf("%v, %d unacknowledged", d.Err, w.Unacknowledged())
		}
		brief, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if err := w.ProduceAll(brief, texts("5")); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v", err)
		}
		waited := make(chan error)
		go func() { waited <- w.ProduceAll(context.Background(), texts("5", "6", "7", "8", "9")) }()
		synctest.Wait()
		release()
		if err := <-waited; err != nil {
			t.Error(err)
		}
		for range 3 {
			if d := <-reports; d.Err != nil || d.Place.Topic != "events" {
				t.Errorf("%+v", d)
			}
		}
		if got := b.cluster.PartitionInfo("events", 0).HighWatermark; got != 8 || w.Unacknowledged() != 0 {
			t.Errorf("%d records, %d unacknowledged", got, w.Unacknowledged())
		}
	})
}

// buffer.memory bounds their bytes.
func TestUnacknowledgedBytesAreBounded(t *testing.T) {
	onBroker(t, func(t *testing.T, b *Broker) {
		defer hold(b)()
		w := producer(t, b, 0, "buffer.memory", "64KiB", "batch.size", "64KiB")
		refused := 0
		for range 10 {
			w.Produce(texts(strings.Repeat("x", 10_000))[0], func(d messages.Delivered) {
				if errors.Is(d.Err, messages.ErrTooManyUnacknowledged) {
					refused++
				}
			})
		}
		if refused != 4 {
			t.Errorf("%d of 10 records of 10,000 bytes were refused at 65,536", refused)
		}
	})
}

// What is too large is refused with topic, size and limit; whether by us or by the broker.
func TestTooLargeNamesTheLimit(t *testing.T) {
	onBroker(t, func(t *testing.T, b *Broker) {
		w := producer(t, b, 0, "batch.size", "64KiB")
		err := w.ProduceAll(soon(t), texts(strings.Repeat("x", 70_000)))
		if err == nil || err.Error() != `a record of 70000 bytes for topic "events" is larger than batch.size, which is 65536` {
			t.Errorf("%v", err)
		}
		err = w.ProduceAll(soon(t), texts(strings.Repeat("x", 65_530)))
		if err == nil || !strings.Contains(err.Error(), "is larger than batch.size, which is 65536 and includes") {
			t.Errorf("%v", err)
		}
		if err := b.cluster.CreateTopic("narrow", 1, map[string]string{"max.message.bytes": "1000"}); err != nil {
			t.Fatal(err)
		}
		err = w.ProduceAll(soon(t), []messages.Outgoing{messages.NewOutgoing("narrow", "", false, strings.Repeat("x", 2000))})
		if err == nil || !strings.HasPrefix(err.Error(), `a record of 2000 bytes for topic "narrow" is larger than the topic's max.message.bytes`) {
			t.Errorf("%v", err)
		}
	})
}

// At the stop everything that was accepted is acknowledged, or named as failed.
func TestCloseLosesNothingSilently(t *testing.T) {
	onBroker(t, func(t *testing.T, b *Broker) {
		w := producer(t, b, 0)
		var errs []error
		done := func(d messages.Delivered) { errs = append(errs, d.Err) }
		w.Produce(texts("one")[0], done)
		if err := w.Close(context.Background()); err != nil || len(errs) != 1 || errs[0] != nil {
			t.Errorf("%v, %v", err, errs)
		}
		w.Produce(texts("late")[0], done)
		if len(errs) != 2 || !errors.Is(errs[1], errWriterClosed) || w.Unacknowledged() != 0 {
			t.Errorf("%v", errs)
		}

		release := hold(b)
		w = producer(t, b, 0)
		reports := make(chan messages.Delivered, 1)
		w.Produce(texts("stuck")[0], func(d messages.Delivered) { reports <- d })
		brief, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		err := w.Close(brief)
		if err == nil || !strings.HasPrefix(err.Error(), "unacknowledged records: 1") {
			t.Errorf("%v", err)
		}
		if d := <-reports; d.Err == nil || d.Err.Error() != `a record for topic "events" was not acknowledged before the producer closed` {
			t.Errorf("%v", d.Err)
		}
		release()
	})
}
