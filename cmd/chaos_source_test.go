package cmd_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// chaosKeys is how many keys there are.
const chaosKeys = 60

// place is where a record was written.
type place struct {
	partition int32
	offset    int64
}

// steadyWriter writes records at a steady rate, the n-th of each key with the value n, and remembers where they are.
type steadyWriter struct {
	client *kgo.Client
	cancel context.CancelFunc
	done   chan struct{}

	mu     sync.Mutex
	counts map[string]int // acknowledged, by key
	places map[string]place
	err    error
}

func newSteadyWriter(brokers, topic string, seed uint64, rate int) (*steadyWriter, error) {
	client, err := kgo.NewClient(kgo.SeedBrokers(strings.Split(brokers, ",")...), kgo.DefaultProduceTopic(topic), kgo.ProducerLinger(5*time.Millisecond),
		kgo.UnknownTopicRetries(-1),              // a broker that has just come back may not know it yet
		kgo.MetadataMinAge(100*time.Millisecond)) // a batch that fails waits for it, five seconds if it is for kgo
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	w := &steadyWriter{client: client, cancel: cancel, done: make(chan struct{}), counts: map[string]int{}, places: map[string]place{}}
	go w.write(ctx, rand.New(rand.NewPCG(seed, 2)), rate)
	return w, nil
}

func (w *steadyWriter) write(ctx context.Context, random *rand.Rand, rate int) {
	defer close(w.done)
	const every = 20 * time.Millisecond
	tick := time.NewTicker(every)
	defer tick.Stop()
	next := map[string]int{}
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		for range max(1, rate*int(every)/int(time.Second)) {
			key := fmt.Sprintf("k%02d", random.IntN(chaosKeys))
			next[key]++
			w.client.Produce(context.Background(), &kgo.Record{Key: []byte(key), Value: []byte(strconv.Itoa(next[key]))}, w.acknowledge)
		}
	}
}

func (w *steadyWriter) acknowledge(r *kgo.Record, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err != nil {
		w.err = fmt.Errorf("writing: %w", err)
		return
	}
	w.counts[string(r.Key)]++
	w.places[string(r.Key)+" "+string(r.Value)] = place{r.Partition, r.Offset}
}

// acknowledged is how many records are in the topic for certain.
func (w *steadyWriter) acknowledged() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.places)
}

// stop writes no more, and waits for what is under way.
func (w *steadyWriter) stop(within time.Duration) error {
	w.cancel()
	<-w.done
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	err := w.client.Flush(ctx)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err != nil {
		err = w.err
	}
	return err
}
