//go:build synctests

package cmd_test

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/hibana-stream/hibana/actors/streaming"
	"github.com/hibana-stream/hibana/messages"
)

// randomJob is a job, and what it reads, both grown from a seed: data, so that it can be written down, run twice, and changed in one place.
type randomJob struct {
	seed        uint64
	partitions  int
	topics      []string
	events      bool   // the source is Events, not DirectStream
	timed       bool   // words have a time in them
	byPartition bool   // exchange: partition
	delivery    string // if byPartition
	steps       []jobStep
	prints      []jobPrint
	batches     [][]messages.Outgoing
	lead, ahead int    // batches before the first of the job's, and the kit's ahead of those
	restart     int    // behind so many of the program's batches, 0 for never
	folder      string // where the last operation's stream is saved as well, "" for nowhere
}

// jobStep is one operation, on the stream of an earlier step, -1 for the source's words.
type jobStep struct {
	operation
	number, input int
	constant      int
	width, slide  int // in batch intervals
	period        int // how many intervals its stream goes from dataset to dataset
}

type jobPrint struct{ step, limit int }

// grow makes a job of 2 to 8 operations with 1 to 3 outputs, and 6 to 11 batches for it, some of them empty.
func grow(seed uint64) randomJob {
	random := rand.New(rand.NewPCG(seed, 0))
	j := randomJob{seed: seed, partitions: 1 + random.IntN(4), events: random.IntN(4) == 0, timed: random.IntN(4) == 0}
	if j.byPartition = !j.events && random.IntN(5) == 0; j.byPartition {
		j.timed = j.timed || random.IntN(2) == 0
	}
	j.topics = []string{"events", "again"}[:1+random.IntN(4)/3] // the second comes first in a batch
	if j.byPartition {
		j.topics = j.topics[:1] // those of two are not assigned together
	}
	j.delivery = []string{"at-least-once", "exactly-once"}[random.IntN(2)]
	for range 2 + random.IntN(7) {
		j.growStep(random)
	}
	last := len(j.steps) - 1
	for i := range 1 + random.IntN(3) {
		print := jobPrint{last, 5 + random.IntN(10)}
		if i > 0 {
			print = jobPrint{random.IntN(last + 1), random.IntN(10)}
		}
		if j.byPartition {
			print.limit = 1000 // all: their order is another one
		}
		j.prints = append(j.prints, print)
	}
	j.growBatches(random)
	if random.IntN(2) == 0 {
		j.restart = jobLead + random.IntN(len(j.batches)+2)
	}
	return j
}

// growStep adds an operation that fits: most continue the chain, one in four branches off somewhere before.
func (j *randomJob) growStep(random *rand.Rand) {
	s := jobStep{number: len(j.steps), input: len(j.steps) - 1, period: 1}
	if s.number > 0 && random.IntN(4) == 0 {
		s.input = random.IntN(s.number+1) - 1
	}
	gives := "words"
	if j.byPartition {
		gives = "pairs"
	}
	if s.input >= 0 {
		gives, s.period = j.steps[s.input].makes, j.steps[s.input].period
	}
	for {
		s.operation = operations[random.IntN(len(operations))]
		used := slices.ContainsFunc(j.steps, func(o jobStep) bool { return s.once && o.name == s.name || s.joins && o.joins })
		fits := s.takes == gives && (!j.byPartition || s.byKey)
		if fits && !(s.windowed && s.period > 2) && !used {
			break
		}
	}
	s.constant = 1 + random.IntN(9)
	if s.windowed {
		s.slide = s.period * (1 + random.IntN(2))
		s.width = s.period * (1 + random.IntN(4))
		s.period = s.slide
	}
	j.steps = append(j.steps, s)
}

// growBatches writes records with few keys and few words, so that both meet again; the empty key is one of them.
func (j *randomJob) growBatches(random *rand.Rand) {
	keys, words := strings.Split(",a,b,cc,dd,e,f", ","), strings.Fields("to be or not that is the question whether")
	for i := range 6 + random.IntN(6) {
		var batch []messages.Outgoing
		size := random.IntN(4) * random.IntN(8)
		if random.IntN(10) == 0 {
			size *= 10
		}
		if i == 0 {
			size++ // by which the batches of a run are known
		}
		for range size {
			value := words[random.IntN(len(words))]
			if j.timed {
				value += fmt.Sprintf("@%d@", i)
			}
			if j.events {
				value = fmt.Sprintf(`{"content":%q}`, value)
			}
			batch = append(batch, messages.NewOutgoing(j.topics[random.IntN(len(j.topics))], keys[random.IntN(len(keys))], true, value))
		}
		j.batches = append(j.batches, batch)
	}
}

// write is the job, as Main and the kit take it. The count of each batch's records comes first: it tells which batch is which.
func (j randomJob) write(s *streaming.Context) error {
	words, byKey := j.source(s)
	words.Count().Print()
	flows := make([]flow, 0, len(j.steps))
	for _, step := range j.steps {
		in := flow{words, byKey}
		if step.input >= 0 {
			in = flows[step.input]
		}
		flows = append(flows, step.apply(in, step))
	}
	for _, p := range j.prints {
		if j.steps[p.step].makes == "words" {
			flows[p.step].words.Print(p.limit)
		} else {
			flows[p.step].pairs.Print(p.limit)
		}
	}
	if last := len(flows) - 1; j.folder != "" && j.steps[last].makes == "words" {
		flows[last].words.SaveAsTextFiles(filepath.Join(j.folder, "out"), "txt")
	} else if j.folder != "" {
		flows[last].pairs.SaveAsTextFiles(filepath.Join(j.folder, "out"), "txt")
	}
	return nil
}

// source are the words, and, where keys are those of the records, pairs.
func (j randomJob) source(s *streaming.Context) (words streaming.Stream[string], byKey streaming.PairStream[string, int]) {
	if j.events {
		return streaming.Map(streaming.Events(s, j.topics...), messages.RichEvent.Content), byKey
	}
	records := streaming.DirectStream(s, streaming.String, streaming.String, j.topics...)
	words = streaming.Map(records, func(r messages.Record[string, string]) string { return r.Key() + r.Value() })
	if j.byPartition {
		byKey = streaming.MapToPair(records, func(r messages.Record[string, string]) (string, int) {
			return r.Key(), digest(r.Value(), 1) + batchUnit*batchOf(r.Value())
		})
	}
	return words, byKey
}

// changed are jobs that differ from this one in one place each: the constant, the width or the slide of one operation.
func (j randomJob) changed() []randomJob {
	var all []randomJob
	for i, s := range j.steps {
		s.constant++
		if s.windowed {
			s.width += j.steps[i].slide
		}
		other := j
		other.steps = slices.Clone(j.steps)
		other.steps[i] = s
		all = append(all, other)
	}
	return all
}

// windows are the width and the slide.
func (s jobStep) windows() (width, slide time.Duration) {
	return time.Duration(s.width) * jobInterval, time.Duration(s.slide) * jobInterval
}

// state is the name under which the operation's state is saved.
func (s jobStep) state() string { return fmt.Sprintf("state-%d", s.number) }

// String is one line of a job's description.
func (s jobStep) String() string {
	text := fmt.Sprintf("%s of %d, constant %d", s.name, s.input, s.constant)
	if s.windowed {
		text += fmt.Sprintf(", width %d, slide %d", s.width, s.slide)
	}
	return text
}

// String describes the job: what it reads, its operations, one a line with the number of its input, and its outputs.
func (j randomJob) String() string {
	var out strings.Builder
	fmt.Fprintf(&out, "seed %d: %d partitions of %v, events %v, by partition %v, restart behind %d batches\n", j.seed, j.partitions, j.topics, j.events, j.byPartition, j.restart)
	for _, s := range j.steps {
		fmt.Fprintf(&out, "  %2d = %v\n", s.number, s)
	}
	for _, p := range j.prints {
		fmt.Fprintf(&out, "  print(%d) of %d\n", p.limit, p.step)
	}
	for i, batch := range j.batches {
		fmt.Fprintf(&out, "  batch %d:", i)
		for _, r := range batch {
			key, _ := r.Key()
			value, _ := r.Value()
			fmt.Fprintf(&out, " %q=%s", key, value)
		}
		out.WriteString("\n")
	}
	return out.String()
}
