package kafka

import (
	"context"
	"errors"
	"fmt"
)

// ErrChangelogCut says that a changelog lost records while it was restored from.
var ErrChangelogCut = errors.New("the changelog was cut")

// whole makes sure, when nothing comes, that what is still to be read is there: somebody may have deleted it, or the cluster lost it.
// The end must be missing a few times in a row: a leader that has just been elected may not know its high watermark yet.
func (r *restore) whole(ctx context.Context) error {
	once, cancel := context.WithTimeout(ctx, attempt)
	defer cancel()
	start, end, err := r.log(once)
	if err != nil || start <= r.position && end >= r.end {
		r.cuts = 0
		return nil
	}
	if r.cuts++; r.cuts < cutLooks {
		return nil
	}
	return r.cut(start, end)
}

func (r *restore) cut(start, end int64) error {
	return fmt.Errorf("%w: %s was read up to offset %d of %d, and its log is from %d to %d now: what is missing was state; "+
		"start again to go on with what is left of it, or, to begin without it, delete topic %s",
		ErrChangelogCut, r.at(), r.position, r.end, start, end, r.topic)
}
