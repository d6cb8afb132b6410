package kafka

import (
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// settle makes kgo do what the commands and the credit ask for.
func (f *fetcher) settle() {
	f.credit.divide(len(f.partitions))
	now := time.Now()
	f.hungry = false
	for _, p := range f.partitions {
		if f.credit.exhausted(p.TopicPartition, p.why&memory != 0, now) {
			p.why |= memory
		} else {
			p.why &^= memory
		}
		f.hungry = f.hungry || p.why&memory != 0
	}
	f.stopped = f.allFilled()
	f.hungry = f.hungry || f.stopped
	f.seek()
	f.pauseAndResume()
}

// allFilled tells whether the partitions that are fetched have together used up their credit.
func (f *fetcher) allFilled() bool {
	var used int64
	open := 0
	for _, p := range f.partitions {
		if p.why == 0 {
			open++
			used += f.credit.outstanding[p.TopicPartition]
		}
	}
	return open > 0 && f.credit.filled(used, open, f.stopped)
}

// seek moves the positions that have to move, all at once: each SetOffsets makes kgo drop all that it has buffered.
//
// SetOffsets is legal only for a partition that kgo has put to work, and it ignores others without a word. A Reset can be early:
//  1. onOffsets resolves the start and tells Assigned; 2. the reader answers with a Reset; 3. kgo, returning from onOffsets,
//     takes the start over as its own. Between 2 and 3 the seek would be lost. kgo keeps a committed offset for a partition from 3
//     on, so CommittedOffsets tells, and until then the seek waits.
//
// Revoked in the meantime: kgo has unset the cursor before the callback, SetOffsets finds none and does nothing.
func (f *fetcher) seek() {
	var known map[string]map[int32]kgo.EpochOffset
	offsets := make(map[string]map[int32]kgo.EpochOffset)
	early := false
	for _, p := range f.partitions {
		if p.seek == noOffset {
			continue
		}
		if known == nil {
			known = f.client.CommittedOffsets()
		}
		if _, ok := known[p.Topic][p.Partition]; !ok {
			early = true
			continue
		}
		if offsets[p.Topic] == nil {
			offsets[p.Topic] = make(map[int32]kgo.EpochOffset)
		}
		offsets[p.Topic][p.Partition] = kgo.EpochOffset{Epoch: -1, Offset: p.seek}
		p.position, p.seek = p.seek, noOffset
	}
	f.client.SetOffsets(offsets)
	if early {
		time.AfterFunc(5*time.Millisecond, func() { f.source.enqueue(func(*fetcher) {}) })
	}
}

// pauseAndResume tells kgo what has changed.
func (f *fetcher) pauseAndResume() {
	var pause, resume map[string][]int32
	add := func(to *map[string][]int32, p *partition) {
		if *to == nil {
			*to = make(map[string][]int32)
		}
		(*to)[p.Topic] = append((*to)[p.Topic], p.Partition)
	}
	now := time.Now()
	for _, p := range f.partitions {
		wanted := p.why == 0 && p.seek == noOffset
		switch {
		case p.fetching && !wanted:
			add(&pause, p)
		case !p.fetching && wanted:
			add(&resume, p)
			p.active = now
		}
		p.fetching = wanted
		f.tickLater(p)
	}
	if pause != nil {
		f.client.PauseFetchPartitions(pause)
	}
	if resume != nil {
		f.client.ResumeFetchPartitions(resume)
	}
}
