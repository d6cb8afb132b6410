package cmd_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/hibana-stream/hibana/actors/streaming"
	"github.com/hibana-stream/hibana/cmd"
	"github.com/hibana-stream/hibana/messages"
)

// badValues are records that are no event, each with the words that its dead letter gives as the reason.
func badValues() map[string]struct {
	value  []byte
	reason string
} {
	type bad = struct {
		value  []byte
		reason string
	}
	return map[string]bad{
		"truncated JSON":        {[]byte(`{"content":"x`), "unexpected"},
		"wrong type":            {[]byte(`{"content":1}`), "string"},
		"missing field":         {[]byte(`{"contents":"x"}`), "content"},
		"not an object":         {[]byte(`["content"]`), ""},
		"invalid UTF-8":         {[]byte("{\"content\":\"\xff\"}"), "UTF-8"},
		"trailing bytes":        {[]byte(`{"content":"x"}}`), "after the JSON value"},
		"duplicate field":       {[]byte(`{"content":"x","content":"y"}`), "twice"},
		"ten megabytes":         {bytes.Repeat([]byte("x"), 10<<20), ""},
		"nested 10,000 deep":    {[]byte(strings.Repeat("[", 10000) + strings.Repeat("]", 10000)), "deeper"},
		"nested in the content": {[]byte(`{"content":` + strings.Repeat("[", 10000) + strings.Repeat("]", 10000) + `}`), "deeper"},
		"tombstone":             {nil, "tombstone"},
		"empty":                 {[]byte{}, "empty"},
	}
}

// letter is what a dead letter must be the same as, by its place: "partition:offset".
func letterOf(r *kgo.Record) string {
	headers := ""
	for _, h := range r.Headers {
		if !strings.HasPrefix(h.Key, "__connect.") && !strings.HasPrefix(h.Key, "hibana.") {
			headers += fmt.Sprintf("%s=%q;", h.Key, h.Value)
		}
	}
	return fmt.Sprintf("%q %t %t %d %x %s", r.Key, r.Key == nil, r.Value == nil, len(r.Value), sum(r.Value), headers)
}

func sum(b []byte) uint64 {
	h := uint64(14695981039346656037)
	for _, c := range b {
		h = (h ^ uint64(c)) * 1099511628211
	}
	return h
}

func header(r *kgo.Record, key string) string {
	i := slices.IndexFunc(r.Headers, func(h kgo.RecordHeader) bool { return h.Key == key })
	if i < 0 {
		return ""
	}
	return string(r.Headers[i].Value)
}

// collecting is a job that keeps what it is given, in the order in which batches ran.
func collecting(seen *[]string) cmd.Job {
	return func(s *streaming.Context) error {
		streaming.Events(s).ForeachBatch(func(_ context.Context, b streaming.Batch[messages.RichEvent]) error {
			for _, e := range b.Elements() {
				*seen = append(*seen, e.Content())
			}
			return nil
		})
		return nil
	}
}

// checkLetters holds the dead letters against the bad records as they were written.
func (g *ground) checkLetters(bad []*kgo.Record) {
	g.Helper()
	letters, partitions := g.read(g.topic + ".dlq")
	if sources, err := g.admin.ListTopics(g.Context(), g.topic); err != nil || len(sources[g.topic].Partitions) != partitions {
		g.Errorf("%d partitions for dead letters: %v", partitions, err)
	}
	want := map[string]string{}
	for _, r := range bad {
		want[fmt.Sprintf("%d:%d", r.Partition, r.Offset)] = letterOf(r)
	}
	for _, l := range letters {
		place := header(l, "__connect.errors.partition") + ":" + header(l, "__connect.errors.offset")
		if letterOf(l) != want[place] {
			g.Errorf("%s: %s, want %s", place, letterOf(l), want[place])
		}
		delete(want, place)
		for _, key := range []string{"__connect.errors.topic", "__connect.errors.exception.message", "hibana.errors.time"} {
			if header(l, key) == "" {
				g.Errorf("%s: no header %s", place, key)
			}
		}
	}
	if len(want) > 0 || len(letters) != len(bad) {
		g.Errorf("%d dead letters for %d bad records; missing: %v", len(letters), len(bad), want)
	}
}

// Every kind of bad record, first, in the middle and last in a partition: the good ones are counted, and the bad ones stand in
// the dead-letter topic, which is made for it, byte for byte with key and headers.
func TestKafkaEveryKindOfBadRecordBecomesADeadLetter(t *testing.T) {
	t.Parallel()
	g := newGround(t, 3, map[string]string{"max.message.bytes": strconv.Itoa(12 << 20)})
	var bad []*kgo.Record
	good := 0
	goods := func(partition int32) {
		for range 10 {
			g.write(event(partition, id(good)))
			good++
		}
	}
	for partition := range int32(3) {
		for range partition {
			goods(partition)
		}
		for name, b := range badValues() {
			r := &kgo.Record{Partition: partition, Key: []byte(name), Value: b.value, Headers: []kgo.RecordHeader{{Key: "h", Value: []byte(name)}, {Key: "none"}}}
			g.write(r)
			bad = append(bad, r)
		}
		for range 2 - partition {
			goods(partition)
		}
	}
	var seen []string
	startJob(t, collecting(&seen), g.args("-X", "errors.tolerance=all")...).ended(t, cmd.ExitOK)
	g.checkSeen(seen, good)
	g.checkLetters(bad)
	letters, _ := g.read(g.topic + ".dlq")
	for _, l := range letters {
		if why := badValues()[string(l.Key)].reason; !strings.Contains(header(l, "__connect.errors.exception.message"), why) {
			t.Errorf("%s: %s", l.Key, header(l, "__connect.errors.exception.message"))
		}
	}
}

// checkSeen checks that each event has been seen once.
func (g *ground) checkSeen(seen []string, n int) {
	g.Helper()
	times := map[string]int{}
	for _, s := range seen {
		times[s]++
	}
	for i := range n {
		if times[id(i)] != 1 {
			g.Errorf("%s was seen %d times", id(i), times[id(i)])
		}
	}
	if len(seen) != n {
		g.Errorf("%d events, want %d", len(seen), n)
	}
}

// mixed writes 10,000 good records with 40 bad ones at random places among them.
func (g *ground) mixed() (bad []*kgo.Record) {
	g.Helper()
	random := rand.New(rand.NewPCG(1, 2))
	isBad := map[int]bool{}
	for len(isBad) < 40 {
		isBad[random.IntN(10_000)] = true
	}
	kinds := badValues()
	delete(kinds, "ten megabytes")
	names := make([]string, 0, len(kinds))
	for name := range kinds {
		names = append(names, name)
	}
	var all []*kgo.Record
	for i := range 10_000 {
		if isBad[i] {
			name := names[i%len(names)]
			r := &kgo.Record{Partition: int32(i % 4), Key: []byte(name), Value: kinds[name].value, Headers: []kgo.RecordHeader{{Key: "n", Value: []byte(strconv.Itoa(i))}}}
			all, bad = append(all, r), append(bad, r)
		}
		all = append(all, event(int32(i%4), id(i)))
	}
	g.write(all...)
	return bad
}

// Forty broken records among ten thousand good ones: all good ones are counted, the forty are dead letters.
func TestKafkaFortyBadAmongTenThousand(t *testing.T) {
	g := newGround(t, 4, nil)
	bad := g.mixed()
	var seen []string
	startJob(t, collecting(&seen), g.args("-X", "errors.tolerance=all")...).ended(t, cmd.ExitOK)
	g.checkSeen(seen, 10_000)
	g.checkLetters(bad)
}

// Without tolerance the program ends at the first bad record: nothing of it or behind it is committed, and when it has been mended
// (here: tolerated) a restart loses and repeats nothing.
func TestKafkaTheFirstBadRecordStopsAndLosesNothing(t *testing.T) {
	g := newGround(t, 4, nil)
	bad := g.mixed()
	var seen []string
	startJob(t, collecting(&seen), g.args("-X", "rate.max.per.partition=5000")...).ended(t, cmd.ExitFailed, "does not decode", "errors.tolerance: all", g.topic)
	g.nothingCommittedBehind(bad)
	startJob(t, collecting(&seen), g.args("-X", "errors.tolerance=all")...).ended(t, cmd.ExitOK)
	g.checkSeen(seen, 10_000)
}

// nothingCommittedBehind checks every partition's committed offset against its first bad record.
func (g *ground) nothingCommittedBehind(bad []*kgo.Record) {
	g.Helper()
	first := map[int32]int64{}
	for _, r := range bad {
		if at, ok := first[r.Partition]; !ok || r.Offset < at {
			first[r.Partition] = r.Offset
		}
	}
	for partition, at := range first {
		if committed := g.committed(partition); committed > at {
			g.Errorf("partition %d: %d is committed, and %d is bad", partition, committed, at)
		}
	}
}

// A dead-letter topic that is too small for a record stops the stream with the reason. When it has been enlarged, nothing is lost.
func TestKafkaADeadLetterTopicThatIsTooSmall(t *testing.T) {
	for _, delivery := range []string{"at-least-once", "exactly-once"} {
		t.Run(delivery, func(t *testing.T) {
			t.Parallel()
			smallLetters(t, delivery)
		})
	}
}

func smallLetters(t *testing.T, delivery string) {
	g := newGround(t, 1, nil)
	g.create(g.topic+".dlq", 1, map[string]string{"max.message.bytes": "1000"})
	large := &kgo.Record{Value: bytes.Repeat([]byte("x"), 5000)}
	g.write(event(0, id(0)), large, event(0, id(1)))
	var seen []string
	args := g.args("-X", "errors.tolerance=all", "-X", "delivery="+delivery)
	startJob(t, collecting(&seen), args...).ended(t, cmd.ExitFailed, "dead-letter topic", "max.message.bytes, which is 1000", g.topic+".dlq")
	g.nothingCommittedBehind([]*kgo.Record{large})
	enough := "100000"
	if _, err := g.admin.AlterTopicConfigs(t.Context(), []kadm.AlterConfig{{Op: kadm.SetConfig, Name: "max.message.bytes", Value: &enough}}, g.topic+".dlq"); err != nil {
		t.Fatal(err)
	}
	startJob(t, collecting(&seen), args...).ended(t, cmd.ExitOK)
	g.checkSeen(seen, 2)
	g.checkLetters([]*kgo.Record{large})
}
