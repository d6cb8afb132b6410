package actors

import (
	"context"
	"iter"
	"time"

	"github.com/hibana-stream/hibana/messages"
)

// Transactions are the Kafka transactions of this instance, one at a time. It is called by the runner only, and blocks.
type Transactions interface {
	// ProduceAll writes records within the transaction under way; the first begins one.
	ProduceAll(context.Context, []messages.Outgoing) error
	// Pending tells whether there is one under way.
	Pending() bool
	// Commit ends it, as one with the offsets behind the ranges that a batch claims (its time, its attempt), and with what the batch
	// changed in the state. Where state is kept of a topic, it says to which offset it belongs. An error says that nothing was committed;
	// messages.ErrNotOwner, that another member will run these ranges.
	Commit(ctx context.Context, batch time.Time, attempt int, claims []messages.Claim, changes iter.Seq[messages.Changes]) error
	// Abort gives it up. Without one it does nothing.
	Abort(context.Context)
}

// ExactlyOnce makes a batch's records (the job's outputs to Kafka, its dead letters), what it changed in the state, and its offsets one
// transaction. Nothing is
// planned ahead: a batch that did not commit has left no trace that a reader of committed records could see, so whoever runs
// those records next is free to cut them in another way. What an output does elsewhere (prints, writes to a file) may repeat.
//
// The job's outputs and DeadLetters.Writer have to write through the same Transactions (Settings.Produce).
type ExactlyOnce struct {
	Transactions Transactions
}

// Plan does nothing.
func (d ExactlyOnce) Plan(context.Context, Batch) error { return nil }

// Begin does nothing: the first record begins the transaction, and a batch that writes none needs none.
func (d ExactlyOnce) Begin(context.Context, Batch, iter.Seq[messages.Changes]) error { return nil }

// Commit ends the transaction. A revocation waits for it, at most the source's RevokeTimeout: the source's client is another one than
// the transaction's, so nothing stands in its way. If it takes longer, the partitions go, the group's generation with them, and
// the commit is refused.
func (d ExactlyOnce) Commit(ctx context.Context, b Batch, changes iter.Seq[messages.Changes]) error {
	ranges := b.read(partitionsOf(changes))
	if len(ranges) == 0 && d.Transactions.Pending() {
		ranges = b.Ranges // a window that closes without news: the offsets stay, but tell that this batch was committed
	}
	return d.Transactions.Commit(ctx, b.Time, b.Attempt, b.claims(ranges), changes)
}

// Abort gives the batch's records up.
func (d ExactlyOnce) Abort(ctx context.Context, _ Batch) { d.Transactions.Abort(ctx) }
