package actors

import (
	"errors"
	"slices"
	"time"

	"github.com/hibana-stream/hibana/messages"
)

func notOwner(err error) bool { return errors.Is(err, messages.ErrNotOwner) }

// advance does all that can be done now: open the next batch, cut it when it is due, run it when it is complete.
func (p *progress) advance() {
	if p.over || !p.assigned {
		return
	}
	p.openNext()
	p.openMembers()
	p.cutDue()
	p.runComplete()
	p.finish()
}

// openNext begins the next batch: a planned range that has to be run again comes before anything new.
func (p *progress) openNext() {
	if p.filling != nil || p.stop != nil || p.paused || p.enough() {
		return
	}
	plan, planned := p.firstPlan()
	if planned && p.running != nil {
		return // what is planned may be what runs right now, and a regular batch would go before it
	}
	p.batchID++
	p.filling = &filling{batch: batch{id: p.batchID, attempt: 1, gone: map[messages.TopicPartition]int64{}, fresh: map[messages.TopicPartition]bool{}}, members: map[messages.TopicPartition]*member{}}
	if planned {
		p.filling.time, p.filling.attempt, p.filling.rerun = plan.Time, plan.Attempt+1, true
		return
	}
	p.filling.time, p.filling.most = p.nextTime(), p.perBatch
	if p.pace != nil {
		p.filling.allowed = p.pace.allowed(p.partitions)
	}
}

// firstPlan is the oldest batch that has to be run again.
func (p *progress) firstPlan() (plan messages.Plan, ok bool) {
	for _, state := range p.partitions {
		if state.plan != nil && !p.restoringPlan(state.plan.Time) && (!ok || state.plan.Time.Before(plan.Time) ||
			state.plan.Time.Equal(plan.Time) && state.plan.Attempt > plan.Attempt) {
			plan, ok = *state.plan, true
		}
	}
	return plan, ok
}

// nextTime is the time of the next regular batch: the first multiple of the interval after now, then one interval each. It is
// behind every batch that ran before, also in another life: a last batch that was cut early has a time that is still to come. When
// the batches before are far ahead of the clock, it was set back, or another instance's is ahead: then the batches stay ahead of it
// from now on, and nobody waits until it has come there.
func (p *progress) nextTime() time.Time {
	now := later(p.clock, multiple(p.now(), p.interval))
	if p.last.IsZero() {
		p.last = now.Add(p.ahead)
	}
	if p.floor.After(p.last) {
		p.last = multiple(p.floor, p.interval)
		if gap := p.last.Sub(now); gap > 2*p.interval {
			p.ahead = max(p.ahead, gap)
		}
	}
	p.last = p.last.Add(p.interval)
	return p.last
}

// multiple is the last multiple of the interval since 1970 that is not after t.
func multiple(t time.Time, interval time.Duration) time.Time {
	ns := t.UnixNano()
	return time.Unix(0, ns-ns%int64(interval))
}

// openMembers opens the batch in every partition that is ready and not in it yet.
func (p *progress) openMembers() {
	f := p.filling
	if f == nil || f.cutting {
		return
	}
	for tp, state := range p.partitions {
		if _, in := f.members[tp]; in || !state.ready || !state.opensAt(f.time) {
			continue
		}
		if f.rerun && !p.plannedHere(state) || !f.rerun && state.plan != nil {
			continue
		}
		mem := &member{opened: true, open: p.opening(tp, state)}
		f.members[tp] = mem
		p.open(tp, mem.open)
	}
}

func (p *progress) plannedHere(state *partition) bool {
	return state.plan != nil && state.plan.Time.Equal(p.filling.time)
}

func (p *progress) opening(tp messages.TopicPartition, state *partition) messages.Open {
	f := p.filling
	o := messages.Open{
		Batch: f.id, Attempt: f.attempt, Time: f.time, From: p.startOf(tp, state),
		Limit: messages.NoLimit, Budget: max(p.budget/int64(2*len(p.partitions)), heaviestFold),
	}
	if f.rerun {
		o.Limit, o.Exact = state.plan.Until, true
		return o
	}
	if f.most > 0 {
		o.Limit = o.From + f.most
	}
	if n, ok := f.allowed[tp]; ok {
		o.Limit = min(o.Limit, o.From+n)
	}
	if p.drain {
		o.Limit = min(o.Limit, max(state.goal, o.From))
	}
	if p.stop != nil {
		o.Limit = o.From // a partition that comes during the last batch has no time left
	}
	return o
}

// startOf is where a partition goes on: behind the running batch, if that has it.
func (p *progress) startOf(tp messages.TopicPartition, state *partition) int64 {
	if p.running != nil {
		for _, part := range p.running.parts {
			if part.Range.TopicPartition == tp && part.Range.From == state.from {
				return part.Range.Until
			}
		}
	}
	return state.from
}

// cutDue cuts the batch that fills, when its time has come and the runner is free.
func (p *progress) cutDue() {
	f := p.filling
	if f == nil || f.cutting || p.running != nil {
		return
	}
	if f.rerun && !p.plansOpened() {
		return
	}
	if !f.rerun && !p.flushing() && p.clock.Add(p.ahead).Before(f.time) {
		return
	}
	f.cutting, f.since, f.submitted = true, p.now(), p.now()
	for tp, mem := range f.members {
		p.cut(tp, messages.Cut{Batch: f.id, Attempt: mem.open.Attempt})
	}
}

// plansOpened tells whether every partition with a plan for this time has been opened: only then the re-run has its old ranges.
func (p *progress) plansOpened() bool {
	for tp, state := range p.partitions {
		if _, in := p.filling.members[tp]; p.plannedHere(state) && !in {
			return false
		}
	}
	return true
}

// giveUpWaiting lets a batch go on without the parts that are overdue: they stay where they are, and are opened there again.
// The patience doubles with every time, so that a slow partition gets its turn in the end.
func (p *progress) giveUpWaiting() {
	f := p.filling
	if f == nil || !f.cutting || f.rerun || p.now().Sub(f.since) < p.patience {
		return
	}
	p.patience *= 2
	for tp, mem := range f.members {
		if mem.part == nil {
			mem.part = &messages.Part{
				Batch: f.id, Attempt: mem.open.Attempt, Reason: "overdue",
				Range: messages.OffsetRange{TopicPartition: tp, From: mem.open.From, Until: mem.open.From},
			}
			mem.opened = false
		}
	}
}

// runComplete hands the batch to the runner when every part is there. Partitions that are not in it contribute an empty range.
func (p *progress) runComplete() {
	f := p.filling
	if f == nil || !f.cutting {
		return
	}
	for _, mem := range f.members {
		if mem.part == nil {
			return
		}
	}
	p.filling = nil
	if p.stop != nil && !f.rerun && !f.moved() {
		return
	}
	b := f.batch
	b.cutAt = p.now()
	b.shards, b.assignments, b.absent = p.shardsFor(b.time), map[messages.TopicPartition]int64{}, map[messages.TopicPartition]bool{}
	b.topics = map[messages.TopicPartition]messages.TopicID{}
	for tp, state := range p.partitions {
		b.assignments[tp], b.topics[tp], b.absent[tp] = state.assignment, state.topic, state.number != 0
		if state.gone > 0 && !b.absent[tp] {
			b.gone[tp] = state.gone
		}
		if state.fresh && !b.absent[tp] {
			b.fresh[tp] = true
		}
		if mem, in := f.members[tp]; in {
			b.parts = append(b.parts, *mem.part)
			continue
		}
		b.parts = append(b.parts, messages.Part{
			Batch: b.id, Reason: "starting", End: state.end,
			Range: messages.OffsetRange{TopicPartition: tp, From: state.from, Until: state.from},
		})
	}
	slices.SortFunc(b.parts, func(a, b messages.Part) int { return a.Range.Compare(b.Range.TopicPartition) })
	p.running = &b
	p.run(b)
	p.openNext()
	p.openMembers()
}

// moved tells whether any part of a complete batch has an offset in it.
func (f *filling) moved() bool {
	for _, mem := range f.members {
		if mem.part.Range.Count() > 0 || mem.part.Err != nil {
			return true
		}
	}
	return false
}
