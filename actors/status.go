package actors

import (
	"maps"
	"slices"

	"github.com/hibana-stream/hibana/messages"
)

func (a *aggregator) last(n int) messages.Batches {
	if n <= 0 || n > len(a.recents) {
		n = len(a.recents)
	}
	return messages.NewBatches(slices.Clone(a.recents[len(a.recents)-n:]))
}

func (a *aggregator) status() messages.Status {
	s := a.totals
	s.State, s.Waits, s.Instance, s.Group, s.Started = a.state(), a.waits, a.instance, a.group, a.started
	s.Interval, s.MaxPerPartition = a.progress.interval, a.perSecond
	if f := a.progress.filling; f != nil {
		s.Next = f.time
	}
	return messages.NewStatus(s, a.progress.statuses())
}

func (a *aggregator) state() string {
	switch {
	case a.progress.stop != nil:
		return "stopping"
	case a.progress.paused:
		return "paused"
	case !a.progress.assigned || a.waits != "":
		return "waiting"
	}
	return "running"
}

// statuses are the partitions in order.
func (p *progress) statuses() []messages.PartitionStatus {
	var out []messages.PartitionStatus
	for _, tp := range slices.SortedFunc(maps.Keys(p.partitions), messages.TopicPartition.Compare) {
		state := p.partitions[tp]
		s := messages.PartitionStatus{TopicPartition: tp, Next: state.from, End: max(state.end, state.from), State: "open"}
		switch {
		case state.number != 0:
			s.State = state.text(p.now())
		case p.paused:
			s.State = "paused"
		case !state.ready:
			s.State = "starting"
		}
		out = append(out, s)
	}
	return out
}
