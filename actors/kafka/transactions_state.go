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

// saveState writes changes, and to which offsets the state then belongs, into the changelog, within the transaction under way, which the
// first record of all begins. It returns nil when all are acknowledged.
func (t *Transactions) saveState(ctx context.Context, offsets []messages.Offset, changes iter.Seq[messages.Changes]) error {
	if t.config.Changelog == nil {
		for range changes {
			return errNoChangelog
		}
		return nil
	}
	records, partitions, err := t.config.Changelog.records(changes)
	if err != nil {
		return err
	}
	records = append(records, t.config.Changelog.offsetRecords(offsets)...)
	if len(records) == 0 {
		return nil
	}
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
		t.topics[r.Topic] = true
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
