package kafka

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/hibana-stream/hibana/messages"
)

func writer(t *testing.T, options []kgo.Opt, unacknowledged int) *Writer {
	t.Helper()
	w, err := NewWriter(options, unacknowledged, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Close(context.Background()) })
	return w
}

// onBroker runs test with a broker on the virtual network, under a virtual clock.
func onBroker(t *testing.T, test func(t *testing.T, b *Broker)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		test(t, anyBroker(t, BrokerConfig{Virtual: true, Partitions: 1, Topics: []string{"events"}}))
	})
}

// producer is a writer made of properties.
func producer(t *testing.T, b *Broker, unacknowledged int, properties ...string) *Writer {
	t.Helper()
	s := mustSettings(t, append(properties, "bootstrap.servers", b.Addr())...)
	options, err := s.ProducerOptions("one", nil)
	if err != nil {
		t.Fatal(err)
	}
	return writer(t, append(options, b.ClientOptions()...), unacknowledged)
}

// requests keeps every request of one kind; the broker handles them as usual.
type requests struct {
	mu   sync.Mutex
	seen []kmsg.Request
}

func watch(b *Broker, key kmsg.Key) *requests {
	r := &requests{}
	b.cluster.ControlKey(int16(key), func(request kmsg.Request) (kmsg.Response, error, bool) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.seen = append(r.seen, request)
		return nil, nil, false
	})
	return r
}

func (r *requests) all() []kmsg.Request {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.seen)
}

// deny answers produce requests with an error, count times (-1: always). After a timeout the record stands all the same.
func deny(b *Broker, err *kerr.Error, count int) {
	b.cluster.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Topic: "events", Err: err, Count: count})
}

// acks and request.timeout.ms are what the produce request on the wire says.
func TestAcksOnTheWire(t *testing.T) {
	for text, want := range map[string]int16{"0": 0, "1": 1, "3": -1, "all": -1, "-1": -1} {
		onBroker(t, func(t *testing.T, b *Broker) {
			produced := watch(b, kmsg.Produce)
			w := producer(t, b, 0, "acks", text, "request.timeout.ms", "7s")
			if err := w.ProduceAll(soon(t), texts("one")); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			request := produced.all()[0].(*kmsg.ProduceRequest)
			if request.Acks != want || request.TimeoutMillis != 7000 {
				t.Errorf("acks %s: %d on the wire, timeout %d ms", text, request.Acks, request.TimeoutMillis)
			}
		})
	}
}

// retries bounds how often a record is sent, retry.backoff.ms how fast; also after errors for which the leaders are looked up again.
func TestRetriesAndBackoff(t *testing.T) {
	for _, refusal := range []*kerr.Error{kerr.RequestTimedOut, kerr.NotEnoughReplicas, kerr.NotLeaderForPartition} {
		onBroker(t, func(t *testing.T, b *Broker) {
			produced := watch(b, kmsg.Produce)
			deny(b, refusal, -1)
			w := producer(t, b, 0, "acks", "1", "retries", "2", "retry.backoff.ms", "10s", "retry.backoff.max.ms", "10s")
			start := time.Now()
			err := w.ProduceAll(context.Background(), texts("one"))
			if refusal == kerr.RequestTimedOut && fmt.Sprint(err) != `a record for topic "events" was given up after 2 retries (retries)` {
				t.Errorf("%v", err)
			}
			if refusal != kerr.RequestTimedOut && !errors.Is(err, refusal) { // what the broker has said says more
				t.Errorf("%v: %v", refusal, err)
			}
			if n := len(produced.all()); n != 3 {
				t.Errorf("%v: sent %d times", refusal, n)
			}
			if passed := time.Since(start); passed < 16*time.Second || passed > 26*time.Second {
				t.Errorf("%v: two waits of 10 s took %v", refusal, passed)
			}
		})
	}
}

// delivery.timeout.ms ends what retries would not.
func TestDeliveryTimeout(t *testing.T) {
	onBroker(t, func(t *testing.T, b *Broker) {
		deny(b, kerr.RequestTimedOut, -1)
		w := producer(t, b, 0, "delivery.timeout.ms", "20s", "request.timeout.ms", "1s")
		start := time.Now()
		err := w.ProduceAll(context.Background(), texts("one"))
		if err == nil || err.Error() != `a record for topic "events" was not acknowledged within delivery.timeout.ms, which is 20s` {
			t.Errorf("%v", err)
		}
		if passed := time.Since(start); passed < 19*time.Second || passed > 25*time.Second {
			t.Errorf("it took %v", passed)
		}
	})
}

// A retry after a lost acknowledgement stands once with acks all, and more than once without idempotence, as the warning says.
func TestARetryStandsOnceWithIdempotence(t *testing.T) {
	for acks, want := range map[string]int64{"all": 1, "1": 4} {
		onBroker(t, func(t *testing.T, b *Broker) {
			deny(b, kerr.RequestTimedOut, 3)
			if err := producer(t, b, 0, "acks", acks).ProduceAll(context.Background(), texts("one")); err != nil {
				t.Fatal(err)
			}
			if got := b.cluster.PartitionInfo("events", 0).HighWatermark; got != want {
				t.Errorf("acks %s: the record stands %d times", acks, got)
			}
		})
	}
}

// A topic that does not exist is named; it is created only when that is allowed.
func TestUnknownTopicIsNamed(t *testing.T) {
	onBroker(t, func(t *testing.T, b *Broker) {
		options, err := mustSettings(t, "bootstrap.servers", b.Addr()).ProducerOptions("", nil)
		if err != nil {
			t.Fatal(err)
		}
		w := writer(t, append(options, kgo.Dialer(b.network.virtual.DialContext)), 0)
		err = w.ProduceAll(context.Background(), []messages.Outgoing{messages.NewOutgoing("nowhere", "", false, "x")})
		if err == nil || err.Error() != `writing to topic "nowhere": it does not exist` {
			t.Errorf("%v", err)
		}
		if err := w.ProduceAll(soon(t), []messages.Outgoing{messages.NewOutgoing("", "", false, "x")}); err == nil {
			t.Error("a record without a topic")
		}
	})
}

// Key, value, headers and the absence of each arrive as they were.
func TestRecordsArriveAsTheyWere(t *testing.T) {
	onBroker(t, func(t *testing.T, b *Broker) {
		headers := []messages.Header{{Key: "a", Value: "1"}, {Key: "a", Value: ""}, {Key: "b", Null: true}}
		sent := []messages.Outgoing{
			messages.NewOutgoing("events", "", false, "no key"),
			messages.NewOutgoing("events", "", true, "empty key", headers...),
			messages.Tombstone("events", "gone"),
		}
		if err := producer(t, b, 0).ProduceAll(soon(t), sent); err != nil {
			t.Fatal(err)
		}
		c := client(t, b, kgo.ConsumeTopics("events"))
		var got []*kgo.Record
		for len(got) < len(sent) {
			got = append(got, c.PollFetches(soon(t)).Records()...)
		}
		if got[0].Key != nil || got[1].Key == nil || got[2].Value != nil || string(got[2].Key) != "gone" {
			t.Errorf("%v %v %v", got[0].Key, got[1].Key, got[2].Value)
		}
		if h := got[1].Headers; len(h) != 3 || string(h[0].Value) != "1" || h[1].Value == nil || h[2].Value != nil {
			t.Errorf("%v", h)
		}
	})
}

// One writer serves many callers; each record gets one report, and one caller's records keep their order.
func TestWriterServesManyAtOnce(t *testing.T) {
	noLeak(t)
	b := anyBroker(t, BrokerConfig{Partitions: 1})
	w := producer(t, b, 100_000)
	const callers, each = 8, 200
	var reports sync.WaitGroup
	var callersDone sync.WaitGroup
	for caller := range callers {
		callersDone.Go(func() {
			for i := range each {
				reports.Add(1)
				w.Produce(texts(fmt.Sprintf("%d:%03d", caller, i))[0], func(d messages.Delivered) {
					if d.Err != nil {
						t.Error(d.Err)
					}
					reports.Done()
				})
			}
		})
	}
	callersDone.Wait()
	if err := w.Flush(soon(t)); err != nil {
		t.Fatal(err)
	}
	reports.Wait()
	last := make(map[string]string)
	for _, v := range read(t, b, "events", callers*each) {
		caller, number, _ := strings.Cut(v, ":")
		if number <= last[caller] {
			t.Fatalf("caller %s: %s after %s", caller, number, last[caller])
		}
		last[caller] = number
	}
}
