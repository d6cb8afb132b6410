package checkpoint

import (
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/hibana-stream/hibana/messages"
)

// Explanation is what became of one record: every run of a batch that it was in, as the ledgers have them.
type Explanation struct {
	Place messages.Place
	runs  []messages.BatchReport
}

// Explain finds the batches that read a record: all attempts, of all instances, committed or not, by time. The reports are those of
// one group: see History.
func Explain(reports []messages.BatchReport, place messages.Place) Explanation {
	e := Explanation{Place: place}
	for _, r := range reports {
		if _, ok := e.part(r); ok {
			e.add(r)
		}
	}
	slices.SortStableFunc(e.runs, func(a, b messages.BatchReport) int { return a.Time.Compare(b.Time) })
	return e
}

// add takes a run; of the lines before and after its commit the later one counts.
func (e *Explanation) add(r messages.BatchReport) {
	i := slices.IndexFunc(e.runs, func(o messages.BatchReport) bool {
		return o.Time.Equal(r.Time) && o.Attempt == r.Attempt && o.Instance == r.Instance
	})
	switch {
	case i < 0:
		e.runs = append(e.runs, r)
	case r.Committed || !e.runs[i].Committed:
		e.runs[i] = r
	}
}

// part finds the place's range in a batch.
func (e Explanation) part(r messages.BatchReport) (messages.PartReport, bool) {
	for p := range r.Parts() {
		if p.TopicPartition == e.Place.TopicPartition && p.From <= e.Place.Offset && e.Place.Offset < p.Until {
			return p, true
		}
	}
	return messages.PartReport{}, false
}

// topics is in how many topics of that name the place is, as far as the ledgers tell them apart.
func (e Explanation) topics() int {
	ids := map[messages.TopicID]bool{}
	for _, r := range e.runs {
		if p, _ := e.part(r); p.TopicID.Known() {
			ids[p.TopicID] = true
		}
	}
	return len(ids)
}

// Runs are the runs of batches that the record was in, by time; none when no ledger knows it.
func (e Explanation) Runs() []messages.BatchReport { return slices.Clone(e.runs) }

// String is a table of the runs, each followed by its outputs.
func (e Explanation) String() string {
	if len(e.runs) == 0 {
		return fmt.Sprintf("%s is in no batch that the ledger has\n", e.Place)
	}
	var text strings.Builder
	topics := e.topics()
	table := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprint(table, "BATCH\tATTEMPT\tINSTANCE\tRANGE\tRECORDS\tREJECTS\tSTATE")
	if topics > 1 {
		_, _ = fmt.Fprint(table, "\tTOPIC ID")
	}
	for _, r := range e.runs {
		p, _ := e.part(r)
		_, _ = fmt.Fprintf(table, "\n%s\t%d\t%s\t[%d,%d)\t%d\t%d\t%s", moment(r.Time), r.Attempt, r.Instance, p.From, p.Until, p.Records, p.Rejects, outcome(r))
		if topics > 1 {
			_, _ = fmt.Fprintf(table, "\t%s", p.TopicID)
		}
	}
	_, _ = fmt.Fprintln(table)
	_ = table.Flush()
	if topics > 1 {
		fmt.Fprintf(&text, "the topic was deleted and created again: %s was %d records, one in each\n", e.Place, topics)
	}
	for _, r := range e.runs {
		for o := range r.OutputReports() {
			fmt.Fprintf(&text, "batch %s attempt %d: output %d %s, %s%s\n",
				moment(r.Time), r.Attempt, o.ID, o.Name, o.Elapsed.Round(time.Microsecond), because(o.Err))
		}
	}
	return text.String()
}

// outcome says in a word or two what became of a batch.
func outcome(r messages.BatchReport) string {
	word := "not committed"
	switch {
	case r.Skipped:
		word = "skipped"
	case r.Committed && r.Rerun:
		word = "committed, a re-run"
	case r.Committed:
		word = "committed"
	}
	return word + because(r.Err)
}

func because(err string) string {
	if err == "" {
		return ""
	}
	return ": " + err
}
