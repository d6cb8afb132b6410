package streaming

import (
	"context"

	"github.com/hibana-stream/hibana/messages"
)

// HandOver is an output operation of whoever composes the program: f gets each batch with all its elements, as the function of
// ForeachBatch does, and the records that it returns are written to Kafka as part of the batch, which commits when they are acknowledged.
// Reports and errors call it op, at place, for there is no line of a job to name.
func HandOver[T any](s Stream[T], op, place string, f func(context.Context, Batch[T]) ([]messages.Outgoing, error)) {
	n := registered(s, op, f == nil, collecting[T](), func(b *run, parts [][]T, ranges []messages.OffsetRange) error {
		records, err := f(b.ctx, Batch[T]{time: b.time, partitions: parts, ranges: ranges})
		if err != nil {
			return err
		}
		return b.produce(records)
	})
	n.place = place
}
