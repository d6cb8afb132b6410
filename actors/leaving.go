package actors

import (
	"maps"
	"slices"

	"github.com/hibana-stream/hibana/messages"
)

// revoked takes the group's request to let partitions go: at once, unless the running batch has to commit them first.
func (p *progress) revoked(m messages.Revoked) {
	var parts []messages.TopicPartition
	for tp := range m.Partitions() {
		parts = append(parts, tp)
		p.leave(tp)
		if p.partitions[tp] != nil {
			delete(p.partitions, tp)
			p.drop(tp)
		}
	}
	p.leaving[m.ID] = parts
	p.letGo()
	p.advance()
}

// lost takes the news that partitions are gone: nothing of theirs may be committed, and a running batch will be told so.
func (p *progress) lost(m messages.Lost) {
	for tp := range m.Partitions() {
		p.leave(tp)
		if p.partitions[tp] != nil {
			delete(p.partitions, tp)
			p.drop(tp)
		}
	}
	p.advance()
}

// leave takes a partition out of the batch that fills.
func (p *progress) leave(tp messages.TopicPartition) {
	if p.filling == nil {
		return
	}
	if mem := p.filling.members[tp]; mem != nil && mem.part != nil {
		p.hoard.add(-mem.part.Held)
	}
	delete(p.filling.members, tp)
}

// letGo answers the revocations that no running batch holds back.
func (p *progress) letGo() {
	for _, id := range slices.Sorted(maps.Keys(p.leaving)) {
		if !p.runs(p.leaving[id]) {
			delete(p.leaving, id)
			p.released(id)
		}
	}
}

func (p *progress) runs(parts []messages.TopicPartition) bool {
	return p.running != nil && slices.ContainsFunc(p.running.parts, func(part messages.Part) bool {
		return part.Range.Count() > 0 && slices.Contains(parts, part.Range.TopicPartition)
	})
}
