package actors

import (
	"slices"

	"github.com/hibana-stream/hibana/messages"
)

// holding tells whether the running batch has memory to give back.
func (p *progress) holding() bool {
	return p.running != nil && slices.ContainsFunc(p.running.parts, func(part messages.Part) bool { return part.Held > 0 })
}

// ran takes what became of the running batch.
func (p *progress) ran(m messages.Ran) {
	b := p.running
	p.running = nil
	if b == nil {
		return
	}
	for _, part := range b.parts {
		p.hoard.add(-part.Held)
	}
	if p.pace != nil {
		p.pace.learn(m.Report)
	}
	switch {
	case m.Err == nil:
		p.committed(b)
	case notOwner(m.Err) || m.Pause: // after a pause the same ranges run again, under the same time
		p.planAgain(b)
	default:
		p.end(m.Err)
		return
	}
	if m.Pause {
		p.paused = true
	}
	p.letGo()
	p.advance()
}

// committed moves the partitions behind the batch.
func (p *progress) committed(b *batch) {
	if !b.rerun {
		p.completed++
	}
	for _, part := range b.parts {
		if state, ok := p.partitions[part.Range.TopicPartition]; ok && state.from == part.Range.From && !b.absent[part.Range.TopicPartition] {
			state.from = part.Range.Until
			state.end = max(state.end, part.End)
			state.gone = 0
			if b.shards[part.Range.TopicPartition] != nil {
				state.after = b.time
			}
			state.fresh = state.fresh && !b.fresh[part.Range.TopicPartition]
			if state.plan != nil && state.from >= state.plan.Until {
				state.plan = nil
			}
		}
	}
}

// planAgain runs the ranges of a batch that could not be committed again, for the partitions that are still here.
func (p *progress) planAgain(b *batch) {
	for _, part := range b.parts {
		state, ok := p.partitions[part.Range.TopicPartition]
		if ok && part.Range.Count() > 0 && state.from == part.Range.From {
			state.plan = &messages.Plan{Time: b.time, Until: part.Range.Until, Attempt: b.attempt}
			p.leave(part.Range.TopicPartition)
		}
	}
}
