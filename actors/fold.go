package actors

import (
	"time"

	"github.com/hibana-stream/hibana/actors/streaming"
	"github.com/hibana-stream/hibana/messages"
)

// How much a consumer folds before it looks at its mailbox again.
const (
	foldSlice    = 20 * time.Millisecond
	smallestFold = 16
	largestFold  = 256
	// heaviestFold is about how many bytes of records one chunk may have: between two chunks it is seen whether the job holds too
	// much, in each of many partitions.
	heaviestFold = 64 << 10
)

// fold is what a consumer does without being an actor: the backlog of fetched records, the open batch, and the position.
//
// The position is the offset of the next record to be folded. An Open whose From is the position goes on with the backlog;
// an Open with any other From comes with a new epoch and an empty backlog.
type fold struct {
	program   *streaming.Program
	partition messages.TopicPartition
	hoard     *hoard
	counted   int64 // of what the task holds, in the hoard

	batch      messages.Open
	opened     bool
	cutting    bool
	task       *streaming.Task
	err        error
	position   int64
	positioned bool
	end        int64

	backlog []messages.Events
	index   int // into the first of the backlog
	chunk   int
	scratch []messages.Raw
	// failedAt is the position behind the chunk in which a function failed.
	failedAt int64
}

func newFold(p *streaming.Program, partition messages.TopicPartition, h *hoard) *fold {
	return &fold{program: p, partition: partition, hoard: h, chunk: smallestFold, scratch: make([]messages.Raw, largestFold)}
}

// continues tells whether an Open acknowledges what this fold has answered.
func (f *fold) continues(m messages.Open) bool {
	return f.positioned && !f.opened && f.err == nil && f.position == m.From
}

// forget drops everything and puts the position to from.
func (f *fold) forget(from int64) {
	f.release()
	f.backlog, f.index = nil, 0
	f.position, f.positioned = from, true
	f.opened, f.cutting, f.err = false, false, nil
}

// release gives back what an unfinished task holds.
func (f *fold) release() {
	f.hoard.add(-f.counted)
	f.counted = 0
}

func (f *fold) open(m messages.Open) {
	f.release()
	f.batch, f.opened, f.cutting, f.err = m, true, false, nil
	f.task = f.program.NewTask(f.partition)
}

func (f *fold) take(e messages.Events) {
	f.backlog = append(f.backlog, e)
	f.end = max(f.end, e.End())
}

// cut notes that the batch is to be answered; a Cut of another batch or attempt is late and means nothing.
func (f *fold) cut(m messages.Cut) {
	if f.opened && m.Batch == f.batch.Batch && m.Attempt == f.batch.Attempt {
		f.cutting = true
	}
}

// step folds for at most foldSlice and returns the credit of each piece of the backlog that is done.
func (f *fold) step() (credits []int) {
	start := time.Now()
	for f.hungry() {
		f.foldChunk()
		if f.index >= f.backlog[0].Len() || f.err != nil {
			credits = f.next(credits)
		}
		if time.Since(start) > foldSlice {
			break
		}
	}
	return credits
}

// next leaves the first piece of the backlog, if it is done; after an error it keeps none, for the batch begins again.
func (f *fold) next(credits []int) []int {
	if f.err != nil {
		for _, e := range f.backlog {
			credits = append(credits, e.Bytes())
		}
		f.backlog, f.index = nil, 0
		return credits
	}
	first := f.backlog[0]
	f.position = max(f.position, min(first.Until(), f.batch.Limit))
	if f.position < first.Until() {
		return credits // the records are folded, but the position behind them is beyond the limit: for the next batch
	}
	f.backlog[0] = messages.Events{}
	f.backlog, f.index = f.backlog[1:], 0
	clear(f.scratch) // a string left there would keep the whole fetch buffer
	f.task.Rest()
	return append(credits, first.Bytes())
}

// hungry tells whether there is something to fold for the open batch now.
func (f *fold) hungry() bool {
	return f.opened && f.err == nil && len(f.backlog) > 0 && f.position < f.batch.Limit && !f.full() && (!f.cutting || f.batch.Exact)
}

// full tells that what the job holds has used up the budget, and this partition its share of it.
// A planned range is run again whatever it takes: it fitted once.
func (f *fold) full() bool {
	return !f.batch.Exact && f.hoard.full(f.task.Held(), f.batch.Budget)
}

// foldChunk folds one chunk of the first piece, up to the limit. Chunks grow while they are quick.
func (f *fold) foldChunk() {
	first := f.backlog[0]
	if f.index >= first.Len() {
		return
	}
	light := max(heaviestFold*first.Len()/max(first.Bytes(), 1), 1)
	read, next := first.Read(f.scratch[:min(f.chunk, light)], f.index)
	n := read
	for n > 0 && f.scratch[n-1].Offset() >= f.batch.Limit {
		n--
	}
	start := time.Now()
	if n > 0 {
		f.err = f.task.Fold(f.scratch[:n])
		f.position = f.scratch[n-1].Offset() + 1
	}
	if n < read { // the rest is for the next batch, which reads it again from its entry
		f.position = f.batch.Limit
		_, next = first.Read(f.scratch[:n], f.index)
	}
	f.index = next
	held := f.task.Held()
	f.hoard.add(held - f.counted)
	f.counted = held
	f.failedAt = f.position
	f.adapt(time.Since(start))
}

// adapt keeps a chunk around a millisecond, so that a slow function does not keep a Cut waiting.
func (f *fold) adapt(took time.Duration) {
	switch {
	case took < time.Millisecond:
		f.chunk = min(f.chunk*2, largestFold)
	case took > 4*time.Millisecond:
		f.chunk = max(f.chunk/4, 1)
	}
}

// part answers the batch when it is due: when cut, an exact one when its range is complete.
func (f *fold) part() (messages.Part, bool) {
	if !f.opened || !f.cutting || (f.batch.Exact && f.err == nil && f.position < f.batch.Limit) {
		return messages.Part{}, false
	}
	partials, err := f.task.Finish() // first: it may not return, and is asked again then
	f.opened, f.cutting = false, false
	p := messages.Part{
		Batch: f.batch.Batch, Attempt: f.batch.Attempt, End: max(f.end, f.position), Records: f.task.Records(), Reason: f.reason(),
		Range: messages.OffsetRange{TopicPartition: f.partition, From: f.batch.From, Until: f.position},
	}
	rejects := f.task.Rejects()
	f.task = nil
	p.Held, f.counted = f.counted, 0 // the part's now; whoever drops or has run it gives it back
	if err != nil {
		f.err = err
		p.Err, p.Range.Until = err, max(f.failedAt, f.position)
	}
	return messages.NewPart(p, rejects, partials), true
}

func (f *fold) reason() string {
	switch {
	case f.full():
		return "memory"
	case f.position >= f.batch.Limit && !f.batch.Exact:
		return "limit"
	case f.position == f.batch.From:
		return "idle"
	}
	return ""
}
