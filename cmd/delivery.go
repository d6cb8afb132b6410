package cmd

import (
	"context"
	"errors"
	"fmt"

	"github.com/hibana-stream/hibana/actors"
	"github.com/hibana-stream/hibana/actors/checkpoint"
	"github.com/hibana-stream/hibana/actors/kafka"
	"github.com/hibana-stream/hibana/actors/streaming"
	"github.com/hibana-stream/hibana/messages"
)

// stateSettings tell the context where state is saved.
func (c *Config) stateSettings() []streaming.Setting {
	switch {
	case c.Exchange == ExchangePartition:
		return []streaming.Setting{streaming.WithStateByPartition()}
	case c.Checkpoint != "":
		return []streaming.Setting{streaming.WithSavedState()}
	}
	return nil
}

// newDelivery makes the order of plan, outputs and commit that the configuration asks for.
func (s *stream) newDelivery(p *streaming.Program) (actors.Delivery, error) {
	if s.config.Exchange == ExchangeTopic {
		return nil, &UsageError{errors.New("exchange: topic is not there yet; accepted: memory (jobs without state may run in any number of instances, " +
			"one with state in one), partition (state by key, when the job's keys are the records' keys)")}
	}
	if len(p.StatefulTopics()) > 0 {
		var err error
		if s.changelog, err = s.newChangelog(p); err != nil {
			return nil, err
		}
	}
	store, err := s.newStore(p)
	if err != nil {
		return nil, err
	}
	switch s.config.Delivery {
	case ExactlyOnce:
		return actors.ExactlyOnce{Transactions: s.transactions}, nil
	case AtMostOnce:
		return actors.AtMostOnce{Store: store}, nil
	}
	return actors.AtLeastOnce{Store: store}, nil
}

// newStore makes what keeps offsets and state, and the transactions, if there are any.
func (s *stream) newStore(p *streaming.Program) (actors.Store, error) {
	if s.config.Delivery == ExactlyOnce && s.changelog == nil {
		if err := s.stateless(p); err != nil {
			return nil, err
		}
	}
	if s.config.Delivery == ExactlyOnce || s.changelog != nil {
		if err := s.newTransactions(); err != nil {
			return nil, err
		}
		return &actors.InChangelog{Offsets: s.source, Transactions: s.transactions}, nil
	}
	store := actors.InGroup{Offsets: s.source}
	if s.kept != nil {
		store.Saved = s.kept
	}
	return store, nil
}

// stateless refuses state in a checkpoint folder, which cannot be part of a transaction: saved before the transaction's end it may be
// ahead of it after a crash, saved after it behind.
func (s *stream) stateless(p *streaming.Program) error {
	shapes := p.Shapes()
	if len(shapes) == 0 {
		return nil
	}
	return &UsageError{fmt.Errorf("delivery: exactly-once with exchange: memory keeps no state, and the job has %s %q; accepted: exchange: partition, when the job's "+
		"keys are the records' keys; or delivery: at-least-once, which keeps state exactly, and repeats at most the outputs of the batch that ran when the process was killed",
		shapes[0].Kind, shapes[0].Operator)}
}

// newTransactions makes this instance's transactions: its name is in their id, so that a restart ends what its predecessor has left.
func (s *stream) newTransactions() error {
	options, err := s.options(s.config.Settings.ProducerOptions)
	if err != nil {
		return err
	}
	options = append(options, s.config.Settings.BatchSizes(s.topicLimits))
	s.transactions, err = kafka.NewTransactions(kafka.TransactionsConfig{
		Client: options, ID: s.config.group() + "-" + s.instance.name, Source: s.source, Log: slogOf(s.log), Changelog: s.changelog,
		Timeout: min(s.config.Settings.TransactionTimeout(), s.config.Settings.SessionTimeout()),
	})
	return err
}

// newChangelog makes what keeps state by partition.
func (s *stream) newChangelog(p *streaming.Program) (*kafka.Changelog, error) {
	options, err := s.options(s.config.Settings.ConsumerOptions)
	if err != nil {
		return nil, err
	}
	return kafka.NewChangelog(kafka.ChangelogConfig{
		Client: options, Group: s.config.group(), Topics: p.StatefulTopics(), Shapes: p.Shapes(), Source: s.source, Log: slogOf(s.log),
		Ensure: func(ctx context.Context, source string) error { return s.ensureChangelog(ctx, source) },
		Check:  func(saved []messages.Shape) error { return s.reshaped(saved, p.Shapes()) },
	}), nil
}

// ensureChangelog gives a topic that has grown a larger changelog.
func (s *stream) ensureChangelog(ctx context.Context, source string) error {
	options, err := s.options(s.config.Settings.AdminOptions)
	if err != nil {
		return err
	}
	admin, err := kafka.NewAdmin(options, askTimeout)
	if err != nil {
		return err
	}
	defer admin.Close()
	topics, err := admin.Topics(ctx, source)
	if err != nil {
		return err
	}
	_, _, err = admin.EnsureChangelog(ctx, s.config.group(), topics[0], s.config.Settings.MinISR())
	return err
}

// reshaped refuses a job whose saved state would be lost, unless the configuration lets it go.
func (s *stream) reshaped(saved, now []messages.Shape) error {
	err := checkpoint.Compare(saved, now).Err()
	if err == nil || s.config.State.AllowShapeChange {
		return nil
	}
	return fmt.Errorf("%w (state.allow.shape.change: true would drop that state)", err)
}

// prepare comes before the first look at the committed offsets.
func (s *stream) prepare(ctx context.Context) error {
	if s.transactions == nil {
		return nil
	}
	return s.transactions.Open(ctx)
}

// recordWriter is where a job's outputs and dead letters go.
type recordWriter interface {
	ProduceAll(context.Context, []messages.Outgoing) error
}

func (s *stream) outputs() recordWriter {
	if s.config.Delivery == ExactlyOnce {
		return s.transactions
	}
	return s.writer
}

// openCheckpoint opens the folder in which state is saved with its offsets, unless transactions take its place.
func (s *stream) openCheckpoint(p *streaming.Program) error {
	if s.config.Checkpoint == "" || s.config.Delivery == ExactlyOnce || len(p.StatefulTopics()) > 0 {
		return nil
	}
	store, err := checkpoint.Open(s.config.Checkpoint, s.instance.name)
	if err != nil {
		return err
	}
	s.store, s.kept = store, actors.NewKept(store, s.config.Checkpoint, s.config.State.AllowShapeChange)
	for _, w := range s.kept.Warnings() {
		s.log.Warn().Msg(w)
	}
	return nil
}

// newLedger keeps the batches in memory, and in a file when there is a folder for it.
func (s *stream) newLedger() (*checkpoint.Ledger, error) {
	folder := s.config.Ledger
	if folder == "" {
		folder = s.config.Checkpoint
	}
	return checkpoint.NewLedger(folder, s.config.group(), s.instance.name)
}
