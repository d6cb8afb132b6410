package behaviours

import (
	"log/slog"
	"time"

	"github.com/hibana-stream/hibana/messages"
)

// mostEvents bounds a portion, and with it what is repeated after a crash.
const mostEvents = 10_000

// Share is one partition's events in a batch. It is not changed any more by whoever made it.
type Share struct {
	Partition messages.TopicPartition
	Events    []messages.RichEvent
}

// portion is the message that hands events to a behaviour: those of one partition in one batch, or a piece of them.
// All behaviours get the same slice and only read it.
type portion struct {
	time      time.Time
	partition messages.TopicPartition
	first     int // the number of the first of them in the batch
	events    []messages.RichEvent
	// answer is called once each time the portion is sent, from inside the actor: it must not block.
	answer func(handled)
}

// LogValue keeps the events out of the log.
func (p portion) LogValue() slog.Value {
	return slog.GroupValue(slog.String("partition", p.partition.String()), slog.Int("events", len(p.events)))
}

// handled says what became of a portion.
type handled struct {
	published []messages.Publish
	err       error
	crashed   bool // it is to be sent again
}

// portions cuts a batch, in the order of its partitions.
func portions(at time.Time, shares []Share) []portion {
	var all []portion
	for _, s := range shares {
		for first := 0; first < len(s.Events); first += mostEvents {
			events := s.Events[first:min(first+mostEvents, len(s.Events))]
			all = append(all, portion{time: at, partition: s.Partition, first: first, events: events})
		}
	}
	return all
}
