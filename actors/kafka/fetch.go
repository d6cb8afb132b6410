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
