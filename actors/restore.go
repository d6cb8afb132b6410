package actors

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hibana-stream/hibana/actors/streaming"
	"github.com/hibana-stream/hibana/messages"
)

// restoring is what a partition has to do with state that follows it. While it is being restored, under a number, no batch is opened in
// the partition; then shard holds it, and goes with every batch that the partition is in. Only the runner touches it there. Whoever
// loses the partition drops it: another member may have changed what was saved.
type restoring struct {
	number int64 // 0: nothing is being restored
	done   int64
	total  int64
	since  time.Time
	shard  *streaming.Shard
}

// restored says that the state with this number is there, or why it is not.
type restored struct {
	partition messages.TopicPartition
	number    int64
	shard     *streaming.Shard
	err       error
}

// restoreTold says how far a restore has come.
type restoreTold struct {
	partition           messages.TopicPartition
	number, done, total int64
}

// beginRestore asks for the partition's state, if state of it is kept that follows it.
func (p *progress) beginRestore(tp messages.TopicPartition, state *partition) {
	if p.follows == nil || !p.follows(tp) {
		return
	}
	p.restored++
	state.restoring = restoring{number: p.restored, since: p.now()}
	p.restore(tp, p.restored)
}

// restoredState takes the state of a partition; one that belongs to an earlier assignment is late and means nothing.
func (p *progress) restoredState(m restored) {
	state := p.partitions[m.partition]
	if state == nil || state.number != m.number {
		return
	}
	if errors.Is(m.err, messages.ErrReassigned) {
		return
	}
	if m.err != nil {
		p.end(fmt.Errorf("restoring the state of %v: %w", m.partition, m.err))
		return
	}
	state.restoring = restoring{shard: m.shard}
	if p.lacking = p.cutBatches(); p.filling != nil && p.filling.cutting && !p.filling.rerun {
		p.lacking++
	}
	p.advance()
}

func (p *progress) restoreTold(m restoreTold) {
	if state := p.partitions[m.partition]; state != nil && state.number == m.number {
		state.done, state.total = m.done, m.total
	}
}

// opensAt tells whether a batch of this time may be opened in the partition: not before its state is there, and no earlier than the last.
func (s *partition) opensAt(t time.Time) bool {
	return s.number == 0 && (s.shard == nil || t.After(s.after))
}

// restoringPlan tells whether a batch that has to be run again at t lacks the state of one of its partitions: it is run again as a whole.
func (p *progress) restoringPlan(t time.Time) bool {
	for _, state := range p.partitions {
		if state.number != 0 && state.plan != nil && state.plan.Time.Equal(t) {
			return true
		}
	}
	return false
}

// shardsFor is the state that a batch of this time works on: also of partitions that have nothing in it, for time passes there, too. In one
// that has a planned batch to run again it stands still until then.
func (p *progress) shardsFor(t time.Time) map[messages.TopicPartition]*streaming.Shard {
	shards := map[messages.TopicPartition]*streaming.Shard{}
	for tp, state := range p.partitions {
		if state.shard != nil && t.After(state.after) && (state.plan == nil || state.plan.Time.Equal(t)) {
			shards[tp] = state.shard
		}
	}
	return shards
}

// text is how far the restore has come, for a person.
func (r restoring) text(now time.Time) string {
	if r.total == 0 {
		return "restoring"
	}
	text := fmt.Sprintf("restoring %d %%", 100*r.done/r.total)
	if took := now.Sub(r.since); r.done > 0 && took > time.Second {
		left := time.Duration(float64(took) * float64(r.total-r.done) / float64(r.done))
		text += fmt.Sprintf(", about %v left", left.Round(time.Second))
	}
	return text
}

// restores reads states, a few at a time, in goroutines of the context.
type restores struct {
	changelog Changelog
	slots     chan struct{}
}

// sideRestores is how many partitions are restored at the same time: one client each, and two keep both ends of a connection busy.
const sideRestores = 4

func newRestores(c Changelog) *restores {
	return &restores{changelog: c, slots: make(chan struct{}, sideRestores)}
}

var errNoChangelog = errors.New("there is no changelog to restore from")

// load reads the state of a partition into a new Shard.
func (r *restores) load(ctx context.Context, p *streaming.Program, tp messages.TopicPartition, told func(done, total int64)) (*streaming.Shard, error) {
	if r.changelog == nil {
		return nil, errNoChangelog
	}
	select {
	case r.slots <- struct{}{}:
		defer func() { <-r.slots }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	shard := p.NewShard(tp)
	err := r.changelog.Restore(ctx, tp, shard.Load, told)
	if err == nil {
		shard.Loaded()
	}
	return shard, err
}

// restore begins to read a partition's state; what comes of it comes as a message.
func (a *aggregator) restore(tp messages.TopicPartition, number int64) {
	a.stopRestore(tp)
	ctx, cancel := context.WithCancel(a.context.Ended())
	a.restoring[tp] = cancel
	root, self := a.root, a.ctx.Self()
	a.context.Go(func(context.Context) {
		started, last := time.Now(), time.Now()
		shard, err := a.restores.load(ctx, a.program, tp, func(done, total int64) {
			if now := time.Now(); now.Sub(last) >= time.Second {
				last = now
				root.Send(self, restoreTold{tp, number, done, total})
			}
		})
		if ctx.Err() != nil {
			return // the partition has gone, or the stream has ended
		}
		if err == nil {
			a.log.Debug().Stringer("partition", tp).Dur("took", time.Since(started)).Msg("the state is restored")
		}
		root.Send(self, restored{tp, number, shard, err})
	})
}

func (a *aggregator) stopRestore(tp messages.TopicPartition) {
	if cancel := a.restoring[tp]; cancel != nil {
		cancel()
		delete(a.restoring, tp)
	}
}

// restoreTold shows in the log how far a restore has come, every few seconds.
func (a *aggregator) restoreTold(m restoreTold) {
	a.progress.restoreTold(m)
	state := a.progress.partitions[m.partition]
	if state == nil || state.number != m.number || time.Since(a.saidRestore) < 5*time.Second {
		return
	}
	a.saidRestore = time.Now()
	a.log.Info().Msgf("%v: %s (%d of %d records of its changelog)", m.partition, state.text(time.Now()), m.done, m.total)
}
