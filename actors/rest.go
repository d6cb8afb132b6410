package actors

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/hibana-stream/hibana/messages"
)

// rest are partitions that other members of the group have still to drain; err says that it is not known.
type rest struct {
	partitions []messages.TopicPartition
	err        error
}

// restEvery is how often a drain that has done its own looks at the others.
const restEvery = 500 * time.Millisecond

// askRest looks at what the others have still to do; the answer comes as a message, later when the one before was not good.
func (a *aggregator) askRest() {
	own := slices.Collect(maps.Keys(a.progress.partitions))
	root, self, wait := a.root, a.ctx.Self(), a.restless
	a.restless = true
	a.context.Go(func(ctx context.Context) {
		if wait {
			select {
			case <-time.After(restEvery):
			case <-ctx.Done():
				return
			}
		}
		partitions, err := a.settings.drain.Undrained(ctx, own)
		root.Send(self, rest{partitions, err})
	})
}

func (a *aggregator) rested(m rest) {
	waits := ""
	switch {
	case errors.Is(m.err, messages.ErrRefused):
		a.progress.end(m.err)
		return
	case m.err != nil:
		waits = fmt.Sprintf("the committed offsets of the group: %v", m.err)
	case len(m.partitions) > 0:
		waits = fmt.Sprintf("the other members of the group, which have still to drain %v", m.partitions)
	}
	if waits != a.waits {
		a.waiting(messages.SourceWaits{For: waits})
	}
	a.progress.rested(waits == "")
}
