package actors

import (
	"maps"
	"slices"
	"time"

	"github.com/hibana-stream/hibana/messages"
)

// pause holds the stream behind the batch that fills, or lets it go on from now: the time of the pause is not made up for.
func (p *progress) pause(on bool) {
	if p.paused && !on {
		p.floor, p.last = p.last, time.Time{}
	}
	p.paused = on
	p.advance()
}

// stopping takes the request to end. Without Flush what fills is dropped: it will be read again.
func (p *progress) stopping(m messages.Stop) {
	if p.stop != nil {
		return
	}
	p.stop = &m
	if !m.Graceful {
		p.end(nil)
		return
	}
	if p.filling != nil && !p.filling.cutting && !p.flushing() {
		p.filling = nil
	}
	p.advance()
}

// flushing tells that a last batch is to be cut early. A batch that is cut already, or a re-run, is not hurried.
func (p *progress) flushing() bool {
	return p.stop != nil && p.stop.Flush && p.filling != nil
}

// enough tells that no batch need follow those under way.
func (p *progress) enough() bool {
	n := p.cutBatches()
	return p.batches > 0 && n >= p.batches || p.drain && n > p.lacking && p.drained()
}

// cutBatches is how many batches are completed or under way.
func (p *progress) cutBatches() int {
	if p.running != nil && !p.running.rerun {
		return p.completed + 1
	}
	return p.completed
}

// drained tells whether every partition has its state, and has reached (with the running batch) where it ended at its assignment.
func (p *progress) drained() bool {
	for tp, state := range p.partitions {
		if state.number != 0 || state.plan != nil || p.startOf(tp, state) < state.goal {
			return false
		}
	}
	return true
}

// finish ends the stream when there is nothing left to do.
func (p *progress) finish() {
	if p.running != nil || (p.filling != nil && p.stop != nil) {
		return
	}
	switch {
	case p.stop != nil || p.enough() && (!p.drain || p.rest == othersDrained):
		p.end(nil)
	case p.enough() && p.rest == notAsked:
		p.rest = asked
		p.askRest()
	}
}

// resting is what a drain that has done its own knows of the other members. A partition of a member that is dead comes here when its session
// has timed out; to end before would leave it behind.
type resting int

const (
	notAsked resting = iota
	asked
	othersDrained
)

// rested takes the answer. Until it is good, it is asked again, and nothing happens but that partitions may come.
func (p *progress) rested(done bool) {
	p.rest = notAsked
	if done {
		p.rest = othersDrained
	}
	p.advance()
}

func (p *progress) end(err error) {
	if p.over {
		return
	}
	p.over = true
	for _, id := range slices.Sorted(maps.Keys(p.leaving)) {
		p.released(id)
	}
	p.ended(err)
}
