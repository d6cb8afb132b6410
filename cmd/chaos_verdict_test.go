package cmd_test

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/hibana-stream/hibana/actors/checkpoint"
	"github.com/hibana-stream/hibana/messages"
)

// verdict compares what a foreign reader found in the copy with what was written, and with the ledgers.
type verdict struct {
	written, found             int
	lost, repeated, disordered int
	wrong                      int // running counts that are not the model's
	torn                       int // batches of which only a part was ever seen
	batchesLost                int // that the lost records were in
	batchesRepeated            int // runs of batches whose records came again
	failures                   int // runs that failed, by the ledgers: their batches may repeat without a kill
	spread                     time.Duration
}

// runOf names one run of a batch: its time and the life that ran it.
type runOf struct {
	batch int64
	life  string
}

func (a *arm) judge() (verdict, error) {
	records, err := a.reader.since(0)
	if err != nil {
		return verdict{}, err
	}
	v := verdict{found: len(records)}
	for _, n := range a.writer.counts {
		v.written += n
	}
	v.counts(records)
	v.runs(records)
	reports, err := a.reports()
	if err != nil {
		return v, err
	}
	for _, r := range reports {
		if r.Err != "" || r.Attempt > 1 && r.Committed {
			v.failures++
		}
	}
	v.losses(a, records, reports)
	return v, nil
}

func (a *arm) reports() ([]messages.BatchReport, error) {
	var folders []string
	for _, m := range a.members {
		folders = append(folders, m.folder())
	}
	history, err := checkpoint.Read(folders...)
	return history.Of(a.in), err
}

// counts looks at every key: its records in order, each once, with the count that a model would have.
func (v *verdict) counts(records []copiedRecord) {
	last, copies := map[string]int{}, map[string]int{}
	for _, r := range records {
		id := fmt.Sprint(r.key, " ", r.seq)
		copies[id]++
		if r.count != r.seq {
			v.wrong++
		}
		if copies[id] > 1 {
			v.repeated++
			continue
		}
		if r.seq < last[r.key] {
			v.disordered++
		}
		last[r.key] = max(last[r.key], r.seq)
	}
	v.lost = v.written - len(copies)
}

// runs looks at every run of a batch: whether all of it is there, and whether it was run again.
func (v *verdict) runs(records []copiedRecord) {
	seen, first, last := map[runOf]map[int]bool{}, map[runOf]time.Time{}, map[runOf]time.Time{}
	latest, again := map[string]runOf{}, map[runOf]bool{}
	sizes := map[runOf]int{}
	for _, r := range records {
		run, id := runOf{r.batch, r.life}, fmt.Sprint(r.key, " ", r.seq)
		if seen[run] == nil {
			seen[run], first[run], sizes[run] = map[int]bool{}, r.seen, r.size
		}
		seen[run][r.index], last[run] = true, r.seen
		if before, ok := latest[id]; ok {
			again[before] = true
		}
		latest[id] = run
	}
	for run, indexes := range seen {
		if len(indexes) != sizes[run] {
			v.torn++
		}
		v.spread = max(v.spread, last[run].Sub(first[run]))
	}
	v.batchesRepeated = len(again)
}

// losses finds the batches that the lost records were in.
func (v *verdict) losses(a *arm, records []copiedRecord, reports []messages.BatchReport) {
	found := map[string]bool{}
	for _, r := range records {
		found[fmt.Sprint(r.key, " ", r.seq)] = true
	}
	batches := map[runOf]bool{}
	for id, at := range a.writer.places {
		if !found[id] {
			batches[batchWith(at, reports)] = true
		}
	}
	v.batchesLost = len(batches)
}

// batchWith is the last run that a ledger has of a batch with this record.
func batchWith(at place, reports []messages.BatchReport) runOf {
	var all []runOf
	for _, r := range reports {
		for p := range r.Parts() {
			if p.Partition == at.partition && p.From <= at.offset && at.offset < p.Until {
				all = append(all, runOf{r.Time.UnixMilli(), r.Instance})
			}
		}
	}
	if len(all) == 0 {
		return runOf{}
	}
	return slices.MaxFunc(all, func(a, b runOf) int { return cmp.Compare(a.batch, b.batch) })
}

// check says what is wrong with the verdict, for the arm's mode. The control arms have to fail in their way, or the run proves nothing.
func (a *arm) check(v verdict) {
	disturbed := int(a.killed.Load()) + a.did[deedFreeze] + v.failures + len(a.exits)
	if v.wrong > 0 {
		a.problem("%d running counts are not the model's", v.wrong)
	}
	switch a.delivery {
	case "exactly-once":
		if v.lost+v.repeated+v.disordered+v.torn > 0 {
			a.problem("%d lost, %d repeated, %d out of order, %d batches torn", v.lost, v.repeated, v.disordered, v.torn)
		}
	case "at-least-once":
		if v.lost+v.disordered > 0 {
			a.problem("%d lost, %d out of order", v.lost, v.disordered)
		}
		if v.repeated == 0 {
			a.problem("nothing was repeated: no kill fell between outputs and commit, and the run proves nothing")
		}
		if v.batchesRepeated > disturbed {
			a.problem("%d batches were repeated after %d kills, stops, ends and failures", v.batchesRepeated, disturbed)
		}
	case "at-most-once":
		if v.repeated > 0 {
			a.problem("%d repeated", v.repeated)
		}
		if v.lost == 0 {
			a.problem("nothing was lost: no kill fell between commit and outputs, and the run proves nothing")
		}
		if v.batchesLost > disturbed {
			a.problem("%d batches were lost after %d kills, stops, ends and failures", v.batchesLost, disturbed)
		}
	}
}
