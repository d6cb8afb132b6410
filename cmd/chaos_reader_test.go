package cmd_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// foreignReader reads the copy while it is written, as a program of somebody else's would that reads committed records only.
type foreignReader struct {
	topic  string
	client *kgo.Client
	cancel context.CancelFunc
	done   chan struct{}

	mu      sync.Mutex
	records []copiedRecord
	seen    map[string]bool // key and seq
	at      map[int32]int64
	err     error
}

func newForeignReader(brokers, topic string) (*foreignReader, error) {
	client, err := kgo.NewClient(kgo.SeedBrokers(strings.Split(brokers, ",")...), kgo.ConsumeTopics(topic), kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.FetchMaxWait(200*time.Millisecond),
		kgo.KeepControlRecords()) // for the position, which passes them
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	r := &foreignReader{topic: topic, client: client, cancel: cancel, done: make(chan struct{}), seen: map[string]bool{}, at: map[int32]int64{}}
	go r.read(ctx)
	return r, nil
}

func (r *foreignReader) read(ctx context.Context) {
	defer close(r.done)
	for ctx.Err() == nil {
		fetches := r.client.PollFetches(ctx)
		now := time.Now()
		r.mu.Lock()
		fetches.EachError(func(topic string, p int32, err error) {
			if ctx.Err() == nil && strings.Contains(err.Error(), "data loss") {
				r.err = fmt.Errorf("reading %s:%d: %w", topic, p, err)
			}
		})
		fetches.EachRecord(func(k *kgo.Record) { r.take(k, now) })
		r.mu.Unlock()
	}
}

func (r *foreignReader) take(k *kgo.Record, now time.Time) {
	if k.Offset < r.at[k.Partition] {
		r.err = fmt.Errorf("%s:%d: offset %d came after %d", r.topic, k.Partition, k.Offset, r.at[k.Partition])
	}
	r.at[k.Partition] = k.Offset + 1
	if k.Attrs.IsControl() {
		return
	}
	record, err := parseCopied(string(k.Key), string(k.Value), now)
	if err != nil {
		r.err = fmt.Errorf("%s:%d:%d is no copy: %q: %w", r.topic, k.Partition, k.Offset, k.Value, err)
		return
	}
	r.records = append(r.records, record)
	r.seen[fmt.Sprint(record.key, " ", record.seq)] = true
}

// distinct is how many of what was written have been seen.
func (r *foreignReader) distinct() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.seen)
}

// since are the records from the n-th on.
func (r *foreignReader) since(n int) ([]copiedRecord, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.records[n:]), r.err
}

// length is how many records have been read.
func (r *foreignReader) length() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.records)
}

// finish waits until everything in the topic has been read; nothing may be written any more, and no transaction may be open.
func (r *foreignReader) finish(within time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	for {
		ends, err := kadm.NewClient(r.client).ListEndOffsets(ctx, r.topic)
		if err == nil {
			err = ends.Error()
		}
		if err == nil && r.reached(ends) {
			return nil
		}
		if !pause(ctx, 50*time.Millisecond) {
			return fmt.Errorf("the reader did not come to the end of %s within %v: %v", r.topic, within, err)
		}
	}
}

func (r *foreignReader) reached(ends kadm.ListedOffsets) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := true
	ends.Each(func(o kadm.ListedOffset) { all = all && r.at[o.Partition] >= o.Offset })
	return all
}

func (r *foreignReader) close() {
	r.cancel()
	<-r.done
	r.client.Close()
}
