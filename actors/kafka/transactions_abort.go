package kafka

import (
	"context"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// abortTimeout bounds the clean end of a transaction that is given up; after it the brokers' own timeout does it.
const abortTimeout = 10 * time.Second

// Abort gives up what was produced since the last end. It never fails: a client that cannot end its transaction is thrown away, and
// the next one's id ends it, at once if a broker can be reached.
func (t *Transactions) Abort(ctx context.Context) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.abort(context.WithoutCancel(ctx))
}

func (t *Transactions) abort(ctx context.Context) {
	if t.writer == nil || !t.begun {
		return
	}
	t.saved = nil
	ctx, cancel := context.WithTimeout(ctx, abortTimeout)
	defer cancel()
	err := t.writer.client.AbortBufferedRecords(ctx)
	if err == nil {
		err = t.writer.client.EndTransaction(ctx, kgo.TryAbort)
	}
	t.begun = false
	if err == nil {
		return
	}
	t.log.Warn("a transaction could not be aborted and is left to its successor", "error", err)
	t.discard()
	if err := t.open(ctx); err != nil {
		t.log.Warn("no new transactional producer yet", "error", err)
	}
}
