package kafka

import (
	"context"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/hibana-stream/hibana/messages"
)

// partition is the fetcher's view of one assigned partition. Only the fetcher's goroutine touches it.
type partition struct {
	messages.TopicPartition
	holding  *holding // tells this assignment from an earlier one of the same partition
	topic    messages.TopicID
	position int64 // the next offset that a poll gives; noOffset makes every Reset seek
	end      int64 // the partition's end as the broker said it last
	seek     int64 // where to go as soon as kgo has the partition; noOffset for nowhere
	epoch    int64
	deliver  func(messages.Events)
	why      reasons
	fetching bool // as kgo has been told
	active   time.Time
	checking bool // a look at the tail is under way
}

const noOffset = int64(-1)

// fetcher is the goroutine that polls and does all that touches the fetch state: pause, resume, seek.
//
// A partition is paused in kgo whenever nobody here reads it: from the assignment on (the callback pauses it before kgo can
// fetch anything) until its Reset, and again when it is forgotten. So a pause that outlives an assignment does no harm.
type fetcher struct {
	source     *Source
	client     *kgo.Client
	credit     *credit
	partitions map[messages.TopicPartition]*partition
	stopped    bool // no polling: every partition has its credit used up
	hungry     bool // a Consumed may change what is fetched
	uneasy     bool // a fetch has failed, and that was told
	ticking    bool // the look for quiet tails is due
}

func newFetcher(s *Source, client *kgo.Client) *fetcher {
	return &fetcher{
		source: s, client: client, credit: newCredit(s.config.Memory),
		partitions: make(map[messages.TopicPartition]*partition),
	}
}

// run polls until the Source's base context ends.
func (f *fetcher) run() {
	defer close(f.source.polled)
	var ctx context.Context
	for f.source.base.Err() == nil {
		var commands []command
		commands, ctx = f.source.next(f.hungry, ctx)
		switch {
		case len(commands) > 0:
			for _, c := range commands {
				c(f)
			}
		case f.stopped:
			waitAtMost(ctx, stuck/2) // a partition that is stuck makes no sound
		default:
			f.take(f.client.PollRecords(ctx, f.credit.records()))
		}
		f.settle()
	}
}

// take hands over what a poll gave. Errors come first: records behind a loss must not be delivered as if nothing had happened,
// and kgo lists them before the loss.
func (f *fetcher) take(fetches kgo.Fetches) {
	for i := range fetches {
		for _, t := range fetches[i].Topics {
			for _, p := range t.Partitions {
				if p.Err != nil {
					f.source.trouble(f, messages.TopicPartition{Topic: t.Topic, Partition: p.Partition}, p.Err)
				}
			}
		}
	}
	now := time.Now()
	for i := range fetches {
		for _, t := range fetches[i].Topics {
			for j := range t.Partitions {
				switch p := f.partitions[messages.TopicPartition{Topic: t.Topic, Partition: t.Partitions[j].Partition}]; {
				case p == nil:
				case p.topic.Differs(t.TopicID): // the look-up that said where it starts was answered by a broker that lags behind
					f.broken(p)
					f.source.fail(recreatedInMidRun(t.Topic, p.topic, t.TopicID))
				default:
					f.records(p, &t.Partitions[j], now)
				}
			}
		}
	}
}

// records delivers one partition's share of a poll. What comes for a partition that is not fetched (it was lost, or has just
// failed) is dropped: its next assignment or Reset starts from a known position.
func (f *fetcher) records(p *partition, from *kgo.FetchPartition, now time.Time) {
	if !p.fetching || from.Err != nil {
		return
	}
	p.end = f.source.end(from.HighWatermark, from.LastStableOffset)
	p.active = now
	if f.uneasy {
		f.uneasy = false
		f.source.wait(waitFetch, "")
	}
	if n := len(from.Records); n > 0 {
		p.position = from.Records[n-1].Offset + 1
		f.deliver(p, fetched(from.Records), footprint(from.Records))
	}
	f.tickLater(p)
}

func (f *fetcher) deliver(p *partition, records messages.Records, bytes int) {
	p.end = max(p.end, p.position)
	f.credit.deliver(p.TopicPartition, length(records), int64(bytes))
	p.deliver(messages.NewEvents(p.TopicPartition, p.epoch, p.position, p.end, bytes, records))
}

func length(records messages.Records) int {
	if records == nil {
		return 0
	}
	return records.Len()
}

// end is a partition's end under the isolation level.
func (s *Source) end(highWatermark, lastStable int64) int64 {
	return readable(s.config.ReadCommitted, highWatermark, lastStable)
}

func readable(committed bool, highWatermark, lastStable int64) int64 {
	if committed && lastStable >= 0 {
		return lastStable
	}
	return highWatermark
}

// waitAtMost waits for a command, or for d.
func waitAtMost(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

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
