package kafka

import "github.com/hibana-stream/hibana/messages"

// Log is what is known of a partition's log: its bounds, and where it ends for a reader (earlier than Bounds.End under read_committed,
// while a transaction is open).
type Log struct {
	Bounds
	Readable int64
	// TopicID is its topic's; the zero value when the cluster gives none.
	TopicID messages.TopicID
}

// StartAt is where a Source with these policies would begin to read p: the very decision that it makes when p is assigned to it.
// committed is nil when the group has committed nothing. The error is messages.ErrNoOffset, messages.ErrOffsetGone or
// messages.ErrRecreated.
func StartAt(reset ResetPolicy, gone GonePolicy, p messages.TopicPartition, log Log, committed *messages.Offset) (messages.Position, error) {
	f := found{
		start: log.Start, highWatermark: log.End, end: log.Readable, topic: log.TopicID,
		committed: noOffset, explicit: noOffset, fallback: noOffset, lost: noOffset,
	}
	if committed != nil {
		f.committed, f.metadata = committed.At, committed.Metadata
	}
	return policies{reset: reset, gone: gone}.decide(p, f)
}
