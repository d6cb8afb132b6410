package cmd

import (
	"context"
	"sync"

	"github.com/hibana-stream/hibana/actors/kafka"
	"github.com/hibana-stream/hibana/messages"
)

// replicas keeps the promise of acks: n for topics that nobody knew of at the start, such as those that a behaviour or a person writes
// to: before the first record, the topic's min.insync.replicas must be n.
type replicas struct {
	*stream
	mu      sync.Mutex
	checked map[string]bool
}

func (s *stream) newReplicas() *replicas { return &replicas{stream: s, checked: map[string]bool{}} }

// check asks the cluster about a topic once. With another acks than n > 1 there is nothing to ask.
func (r *replicas) check(ctx context.Context, topic string) error {
	n := r.config.Settings.MinISR()
	r.mu.Lock()
	defer r.mu.Unlock()
	if n <= 1 || r.checked[topic] {
		return nil
	}
	options, err := r.options(r.config.Settings.AdminOptions)
	if err != nil {
		return err
	}
	admin, err := kafka.NewAdmin(options, 0)
	if err != nil {
		return err
	}
	defer admin.Close()
	if err := admin.CheckMinISR(ctx, n, topic); err != nil {
		return err
	}
	r.checked[topic] = true
	return nil
}

// produceAll writes a batch's records; it is called by the runner, which may wait.
func (r *replicas) produceAll(ctx context.Context, records []messages.Outgoing) error {
	if r.config.Settings.MinISR() > 1 {
		for i := range records {
			if err := r.check(ctx, records[i].Topic()); err != nil {
				return err
			}
		}
	}
	return r.outputs().ProduceAll(ctx, records)
}
