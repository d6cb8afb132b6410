package checkpoint

import (
	"cmp"
	"slices"

	"github.com/hibana-stream/hibana/messages"
)

// Verify tells for each partition, over all instances, whether the batches cover it without a gap and without an overlap.
//
// The committed batches of a partition, sorted by From, are contiguous: every From is the Until of the batch before. Batches that
// were not committed do not count, with one exception: those without an error that fill a gap exactly were committed, and their process
// killed before it could say so; otherwise the stream would not have gone on behind them. A batch that was run again, with the same
// time and range but another attempt or instance, is counted and is no overlap. Where the operator moved the stream (Reason
// "seek") and where retention removed records (Gone) the stream may jump; both are listed. So is a topic that was deleted and created
// again, where the batches say so: each of the two is judged for itself, and the committed offset is the last one's.
//
// committed, if not nil, has the group's committed offsets (negative: none); the last batch must end there. The reports are those
// of one group: see History.
func Verify(reports []messages.BatchReport, committed map[messages.TopicPartition]int64) Verdict {
	tracks := map[messages.TopicPartition]*track{}
	of := func(p messages.TopicPartition) *track {
		if tracks[p] == nil {
			tracks[p] = &track{PartitionVerdict: PartitionVerdict{TopicPartition: p}, committed: -1, hints: map[int64][]Entry{}}
		}
		return tracks[p]
	}
	for _, r := range reports {
		for part := range r.Parts() {
			of(part.TopicPartition).enter(r, part)
		}
	}
	for p, at := range committed {
		of(p).committed = at
	}
	var v Verdict
	for _, t := range tracks {
		t.judge()
		v.Partitions = append(v.Partitions, t.PartitionVerdict)
	}
	slices.SortFunc(v.Partitions, func(a, b PartitionVerdict) int { return a.Compare(b.TopicPartition) })
	return v
}

// track is one partition's batches on the way to a verdict.
type track struct {
	PartitionVerdict
	entries []Entry
	// hints are batches that may have been committed, by From.
	hints     map[int64][]Entry
	committed int64
}

func (t *track) enter(r messages.BatchReport, part messages.PartReport) {
	e := Entry{
		OffsetRange: part.OffsetRange, TopicID: part.TopicID, Time: r.Time, Attempt: r.Attempt, Instance: r.Instance,
		Records: part.Records, Gone: part.Gone, Seek: part.Reason == "seek", Skipped: r.Skipped,
	}
	switch {
	case r.Committed || r.Skipped:
		t.entries = append(t.entries, e)
	case r.Err == "" && e.Count() > 0:
		t.hints[e.From] = append(t.hints[e.From], e)
	}
}

// judge goes through the batches. A seek begins a new stretch, and so does another topic: only within one does the order of the offsets
// mean the order of the batches.
func (t *track) judge() {
	slices.SortStableFunc(t.entries, byTime)
	t.entries = slices.CompactFunc(t.entries, sameLine)
	var last *Entry
	var topic messages.TopicID // the last that is known
	for first := 0; first < len(t.entries); {
		if last != nil && topic.Differs(t.entries[first].TopicID) {
			b := t.between(Recreated, 0, 0, last, &t.entries[first])
			b.Before.TopicID = topic
			t.Jumps, last = append(t.Jumps, b), nil
		}
		next := first
		for next < len(t.entries) && (next == first || !t.entries[next].Seek && !topic.Differs(t.entries[next].TopicID)) {
			if id := t.entries[next].TopicID; id.Known() {
				topic = id
			}
			next++
		}
		last = t.stretch(last, t.entries[first:next])
		first = next
	}
	t.end(last)
}

func byTime(a, b Entry) int {
	return cmp.Or(a.Time.Compare(b.Time), cmp.Compare(a.Attempt, b.Attempt), cmp.Compare(a.Instance, b.Instance), byRange(a, b))
}

func byRange(a, b Entry) int {
	return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.Until, b.Until))
}

// sameLine tells whether two entries are one: a batch that was appended twice, or a folder that was read twice.
func sameLine(a, b Entry) bool { return byTime(a, b) == 0 }

// stretch checks what lies between two seeks and returns the batch that it ends with.
func (t *track) stretch(last *Entry, entries []Entry) *Entry {
	if first := entries[0]; first.Seek {
		b := Break{Kind: Seek, OffsetRange: first.OffsetRange, After: first}
		if last != nil {
			b.Before = *last
		}
		t.Jumps = append(t.Jumps, b)
		first.From = first.Until // Wherever the seek came from, the next batch starts at its target.
		t.count(first)
		last, entries = &first, entries[1:]
	}
	slices.SortStableFunc(entries, byRange)
	for i := range entries {
		last = t.step(last, &entries[i])
	}
	return last
}

func (t *track) count(e Entry) {
	if t.Batches == 0 {
		t.From = e.From
	}
	t.Batches++
	t.Records += e.Records
	t.From, t.Until = min(t.From, e.From), max(t.Until, e.Until)
	if e.Skipped {
		t.Skipped++
	}
}

// step checks one batch against the one before it and returns the one that the next is checked against.
func (t *track) step(last, e *Entry) *Entry {
	if last != nil && e.Count() > 0 && e.OffsetRange == last.OffsetRange && e.Time.Equal(last.Time) {
		t.Reruns++
		return e
	}
	t.count(*e)
	switch {
	case last == nil || e.From == last.Until:
		return e
	case e.From > last.Until:
		t.jump(last, e)
		return e
	case e.Count() > 0:
		t.Breaks = append(t.Breaks, t.between(Overlap, e.From, min(last.Until, e.Until), last, e))
	}
	if e.Until > last.Until {
		return e
	}
	return last
}

func (t *track) between(kind Kind, from, until int64, before, after *Entry) Break {
	b := Break{Kind: kind, OffsetRange: messages.OffsetRange{TopicPartition: t.TopicPartition, From: from, Until: until}, committed: t.committed}
	if before != nil {
		b.Before = *before
	}
	if after != nil {
		b.After = *after
	}
	return b
}

// jump judges offsets that no committed batch has.
func (t *track) jump(last, e *Entry) {
	switch {
	case t.filled(e.TopicID, last.Until, e.From):
	case e.Gone > 0:
		t.Jumps = append(t.Jumps, t.between(Gone, last.Until, e.From, last, e))
	default:
		t.Breaks = append(t.Breaks, t.between(Gap, last.Until, e.From, last, e))
	}
}

// filled tells whether batches that may have been committed fill a range exactly, and counts them if so.
func (t *track) filled(topic messages.TopicID, from, until int64) bool {
	found, ok := t.path(topic, from, until, map[int64]bool{})
	for _, e := range found {
		t.count(e)
	}
	t.Inferred += int64(len(found))
	return ok
}

// path finds such batches. Several may begin at the same offset: with exactly-once, whoever runs a range again after a kill is free to
// cut it in another way, and only one of them was committed. The later ones are tried first. dead are offsets that lead nowhere.
func (t *track) path(topic messages.TopicID, from, until int64, dead map[int64]bool) ([]Entry, bool) {
	if from == until {
		return nil, true
	}
	for _, e := range slices.Backward(t.hints[from]) {
		if e.Until > until || dead[e.Until] || topic.Differs(e.TopicID) {
			continue
		}
		if rest, ok := t.path(topic, e.Until, until, dead); ok {
			return append([]Entry{e}, rest...), true
		}
	}
	dead[from] = true
	return nil, false
}

// end compares the last batch with the committed offset. A partition without a batch has nothing to compare: its offset may be
// older than the ledger.
func (t *track) end(last *Entry) {
	switch at := t.committed; {
	case at < 0 || last == nil || at == last.Until:
	case at > last.Until && t.filled(last.TopicID, last.Until, at):
	default:
		t.Breaks = append(t.Breaks, t.between(End, min(at, last.Until), max(at, last.Until), last, nil))
	}
}
