package actors

import (
	"time"

	"github.com/hibana-stream/hibana/actors/streaming"
	"github.com/hibana-stream/hibana/messages"
)

// effects is what the progress wants done; the aggregator does it by sending messages, a test by writing it down.
type effects interface {
	open(messages.TopicPartition, messages.Open)
	cut(messages.TopicPartition, messages.Cut)
	run(batch)
	spawn(messages.TopicPartition)
	drop(messages.TopicPartition)
	restore(tp messages.TopicPartition, number int64)
	released(id int64)
	askRest()
	ended(error)
}

// progress is the aggregator without being an actor: which batch fills, which one runs, and where every partition stands.
// Every method is an event; what follows from it goes to effects.
//
//	no assignment → filling → (clock) cutting → (all parts) running → (ran) filling …
//
// One batch fills while the one before runs; it is cut when its time has come and the runner is free. Missed ticks are made up
// for one by one: each batch's time is the one before plus the interval.
type progress struct {
	effects
	rules
	now func() time.Time

	partitions map[messages.TopicPartition]*partition
	assigned   bool
	filling    *filling
	running    *batch
	clock      time.Time     // the latest tick
	ahead      time.Duration // of the clock are the times of the batches
	last       time.Time     // the time of the last regular batch
	floor      time.Time     // no regular batch has this time or one before
	batchID    int64
	completed  int
	restored   int64 // the number of the last restore
	lacking    int   // how many batches were cut without state that is there by now: a drain ends with one that has all
	leaving    map[int64][]messages.TopicPartition
	rest       resting
	paused     bool
	stop       *messages.Stop
	over       bool
}

// rules are the settings that progress obeys.
type rules struct {
	interval time.Duration
	// perBatch is the most offsets a partition contributes to a batch; 0: no limit.
	perBatch int64
	// budget is what a job may hold of one batch, in bytes, over all partitions.
	budget int64
	hoard  *hoard
	// pace is back-pressure; nil: none.
	pace *pace
	// batches ends the stream after so many, drain when each partition has reached where it ended at its assignment, and the others of the
	// group are as far.
	batches int
	drain   bool
	// retries bounds the attempts at a range in which a function of the job's fails, patience the wait for a Part.
	retries  int
	patience time.Duration
	// follows tells whether state is kept of a partition that follows it, and has to be restored first; nil: of none.
	follows func(messages.TopicPartition) bool
}

// partition is where one partition stands.
type partition struct {
	from  int64
	end   int64 // as last heard
	goal  int64 // with drain: where it ended when it was assigned
	gone  int64 // records lost before from, to be reported with the next batch
	ready bool
	fresh bool // what is committed is not where it begins: the first commit includes it even when nothing was read
	plan  *messages.Plan
	// after is the time of the last batch that was committed for the partition, by whomever: time goes on from there.
	after time.Time
	// assignment is the number of the assignment in which it is here.
	assignment int64
	topic      messages.TopicID
	restoring
}

// batch is a batch that has been cut: its parts, in the order of the partitions.
type batch struct {
	id        int64
	attempt   int
	time      time.Time
	rerun     bool
	submitted time.Time
	cutAt     time.Time
	parts     []messages.Part
	gone      map[messages.TopicPartition]int64
	fresh     map[messages.TopicPartition]bool
	// absent are partitions whose state is not there yet: the batch has nothing of them, and neither commits nor reports where they begin,
	// for their state may say something else.
	absent map[messages.TopicPartition]bool
	shards map[messages.TopicPartition]*streaming.Shard
	// assignments are those in which the partitions were opened, topics the ids of their topics.
	assignments map[messages.TopicPartition]int64
	topics      map[messages.TopicPartition]messages.TopicID
}

// filling is the batch that is being filled.
type filling struct {
	batch
	members map[messages.TopicPartition]*member
	allowed map[messages.TopicPartition]int64 // by back-pressure; none for a partition is no limit
	most    int64                             // perBatch when it was opened
	cutting bool
	since   time.Time // of the cut
}

type member struct {
	opened  bool
	open    messages.Open
	part    *messages.Part
	retried int
}

func newProgress(e effects, r rules, now func() time.Time) *progress {
	return &progress{
		effects: e, rules: r, now: now,
		partitions: map[messages.TopicPartition]*partition{}, leaving: map[int64][]messages.TopicPartition{},
	}
}

// positions takes an assignment in addition to what is there.
func (p *progress) positions(m messages.Assigned) {
	p.assigned = true
	for pos := range m.Positions() {
		known := p.partitions[pos.TopicPartition]
		state := &partition{
			from: pos.From, end: pos.End, goal: pos.End, gone: pos.Gone, fresh: !pos.Committed || pos.Gone > 0, after: pos.Last,
			assignment: pos.Assignment, topic: pos.TopicID,
		}
		p.floor = later(p.floor, pos.Last)
		if pos.Planned {
			state.plan, state.after = &pos.Plan, pos.Plan.Time.Add(-1)
		}
		p.partitions[pos.TopicPartition] = state
		p.beginRestore(pos.TopicPartition, state)
		if known == nil {
			p.spawn(pos.TopicPartition)
			continue
		}
		state.ready = known.ready // a consumer is there; it is told the new position with its next Open
		p.leave(pos.TopicPartition)
	}
	p.advance()
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// readied takes a consumer's first word, or its first word after a restart: it has to be told where to begin, and what was cut.
func (p *progress) readied(m messages.Ready) {
	state, ok := p.partitions[m.Partition]
	if !ok {
		return
	}
	state.ready = true
	if p.filling != nil {
		if mem, ok := p.filling.members[m.Partition]; ok && mem.part == nil && mem.opened {
			p.open(m.Partition, mem.open)
			if p.filling.cutting {
				p.cut(m.Partition, messages.Cut{Batch: mem.open.Batch, Attempt: mem.open.Attempt})
			}
		}
	}
	p.advance()
}

// tick takes the clock's word that an interval is over.
func (p *progress) tick(m messages.Tick) {
	p.clock = m.Time
	if m.Stepped {
		p.floor, p.last = later(p.floor, p.last), time.Time{} // from now on
	}
	p.giveUpWaiting()
	p.advance()
}

// parted takes a consumer's part; one that nobody asked for any more is late and dropped.
func (p *progress) parted(m messages.Part) {
	mem, ok := p.asked(m)
	if !ok {
		p.hoard.add(-m.Held)
		return
	}
	if m.Err != nil && mem.retried < p.retries && !p.over {
		p.retry(m, mem)
		return
	}
	mem.part = &m
	p.advance()
}

// asked tells whether the part answers a question that is still open.
func (p *progress) asked(m messages.Part) (*member, bool) {
	f := p.filling
	if f == nil || f.id != m.Batch {
		return nil, false
	}
	mem, ok := f.members[m.Range.TopicPartition]
	return mem, ok && mem.part == nil && mem.open.Attempt == m.Attempt && mem.open.From == m.Range.From
}

// retry folds the range again in which a function of the job's failed: exactly that range, so that the failing record is in it.
func (p *progress) retry(m messages.Part, mem *member) {
	p.hoard.add(-m.Held)
	mem.retried++
	mem.open.Attempt++
	mem.open.Limit, mem.open.Exact = m.Range.Until, true
	p.filling.attempt = max(p.filling.attempt, mem.open.Attempt)
	p.open(m.Range.TopicPartition, mem.open)
	p.cut(m.Range.TopicPartition, messages.Cut{Batch: m.Batch, Attempt: mem.open.Attempt})
}
