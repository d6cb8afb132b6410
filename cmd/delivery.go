package cmd

import (
	"context"
	"fmt"

	"github.com/hibana-stream/hibana/actors"
	"github.com/hibana-stream/hibana/actors/checkpoint"
	"github.com/hibana-stream/hibana/actors/kafka"
	"github.com/hibana-stream/hibana/actors/streaming"
	"github.com/hibana-stream/hibana/messages"
)

// newDelivery makes the order of plan, outputs and commit that the configuration asks for.
func (s *stream) newDelivery(p *streaming.Program) (actors.Delivery, error) {
	if s.config.Exchange != ExchangeMemory {
		return nil, &UsageError{fmt.Errorf("exchange: %s is not there yet; with memory, the default, jobs without state may run in any number of instances", s.config.Exchange)}
	}
	if s.config.Delivery == ExactlyOnce {
		return s.newExactlyOnce(p)
	}
	if err := s.openCheckpoint(p); err != nil {
		return nil, err
	}
	var saved actors.Saved
	if s.kept != nil {
		saved = s.kept
	}
	if s.config.Delivery == AtMostOnce {
		return actors.AtMostOnce{Offsets: s.source, Saved: saved}, nil
	}
	return actors.AtLeastOnce{Offsets: s.source, Saved: saved}, nil
}

// newExactlyOnce makes the transactions. State in a checkpoint folder cannot be part of one: saved before the transaction's end it
// may be ahead of it after a crash, saved after it behind.
func (s *stream) newExactlyOnce(p *streaming.Program) (actors.Delivery, error) {
	if shapes := p.Shapes(); len(shapes) > 0 {
		return nil, &UsageError{fmt.Errorf("delivery: exactly-once does not keep state yet, and the job has %s %q; at-least-once keeps it exactly, "+
			"and repeats at most the outputs of the batch that ran when the process was killed", shapes[0].Kind, shapes[0].Operator)}
	}
	options, err := s.options(s.config.Settings.ProducerOptions)
	if err != nil {
		return nil, err
	}
	s.transactions, err = kafka.NewTransactions(kafka.TransactionsConfig{
		Client: options, ID: s.config.group() + "-" + s.instance.name, Source: s.source, Log: slogOf(s.log),
		Timeout: min(s.config.Settings.TransactionTimeout(), s.config.Settings.SessionTimeout()),
	})
	return actors.ExactlyOnce{Transactions: s.transactions}, err
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
	if s.transactions != nil {
		return s.transactions
	}
	return s.writer
}

// openCheckpoint opens the folder in which state is saved with its offsets.
func (s *stream) openCheckpoint(p *streaming.Program) error {
	if s.config.Checkpoint == "" {
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
