package cmd

import (
	"github.com/hibana-stream/hibana/actors"
	"github.com/hibana-stream/hibana/actors/checkpoint"
	"github.com/hibana-stream/hibana/actors/streaming"
)

// newDelivery makes the order of plan, outputs and commit that the configuration asks for.
func (s *stream) newDelivery(p *streaming.Program) (actors.Delivery, error) {
	if s.config.Delivery == AtMostOnce {
		return actors.AtMostOnce{Offsets: s.source}, nil
	}
	return actors.AtLeastOnce{Offsets: s.source}, nil
}

// newLedger keeps the batches in memory, and in a file when there is a folder for it.
func (s *stream) newLedger() (*checkpoint.Ledger, error) {
	folder := s.config.Ledger
	if folder == "" {
		folder = s.config.Checkpoint
	}
	return checkpoint.NewLedger(folder, s.config.group(), s.instance.name)
}
