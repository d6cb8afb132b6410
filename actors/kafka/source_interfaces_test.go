package kafka_test

import (
	"github.com/hibana-stream/hibana/actors"
	"github.com/hibana-stream/hibana/actors/kafka"
)

var (
	_ actors.Reader     = (*kafka.Source)(nil)
	_ actors.Membership = (*kafka.Source)(nil)
	_ actors.Offsets    = (*kafka.Source)(nil)
)
