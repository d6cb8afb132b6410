package kafka

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/hibana-stream/hibana/messages"
)

var errNoChangelog = errors.New("there is no changelog to write to")

// SaveState writes changes into the changelog, within the transaction under way, which the first change of all begins, and returns nil
// when all are acknowledged. After an error the transaction can only be aborted.
func (t *Transactions) SaveState(ctx context.Context, changes iter.Seq[messages.Changes]) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.config.Changelog == nil {
		for range changes {
			return errNoChangelog
		}
		return nil
	}
	records, partitions, err := t.config.Changelog.records(changes)
	if err != nil || len(records) == 0 {
		return err
	}
	ctx, cancel := t.bound(ctx)
	defer cancel()
	if err := t.begin(ctx); err != nil {
		return err
	}
	t.saved = partitions
	return t.produceState(ctx, records)
}

// produceState hands the records over and does not let them linger.
func (t *Transactions) produceState(ctx context.Context, records []*kgo.Record) error {
	client, failed := t.writer.client, make(chan error, 1)
	for _, r := range records {
		client.Produce(ctx, r, func(r *kgo.Record, err error) {
			if err != nil {
				select {
				case failed <- t.writer.explain(r, err):
				default:
				}
			}
		})
	}
	if err := client.Flush(ctx); err != nil {
		return fmt.Errorf("writing the state into its changelog: %w", err)
	}
	select {
	case err := <-failed:
		return fmt.Errorf("writing the state into its changelog: %w", err)
	default:
		return nil
	}
}
