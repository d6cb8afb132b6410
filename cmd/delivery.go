package cmd

import (
	"fmt"

	"github.com/hibana-stream/hibana/actors"
	"github.com/hibana-stream/hibana/actors/checkpoint"
	"github.com/hibana-stream/hibana/actors/streaming"
)

// newDelivery makes the order of plan, outputs and commit that the configuration asks for.
func (s *stream) newDelivery(p *streaming.Program) (actors.Delivery, error) {
	if err := s.openCheckpoint(p); err != nil {
		return nil, err
	}
	var saved actors.Saved
	if s.kept != nil {
		saved = s.kept
	}
	switch s.config.Delivery {
	case AtMostOnce:
		return actors.AtMostOnce{Offsets: s.source, Saved: saved}, nil
	case AtLeastOnce:
		return actors.AtLeastOnce{Offsets: s.source, Saved: saved}, nil
	}
	return nil, &UsageError{fmt.Errorf("delivery: %s is not there yet; at-least-once repeats at most the batch that ran when the process was killed", s.config.Delivery)}
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
