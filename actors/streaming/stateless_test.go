package streaming_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/hibana-stream/hibana/actors/streaming"
	"github.com/hibana-stream/hibana/actors/streaming/streamingtest"
	"github.com/hibana-stream/hibana/messages"
)

func TestOperationsWithoutState(t *testing.T) {
	k := streamingtest.New(t, time.Second)
	in := streamingtest.Input[string](k, 2)
	words := streaming.FlatMap(in.Stream, strings.Fields)
	pairs := streaming.MapToPair(words, func(w string) (string, int) { return w, 1 })
	counts := streamingtest.Collect(pairs.ReduceByKey(func(a, b int) int { return a + b }).Stream)
	number := streamingtest.Collect(words.Count())
	longest := streamingtest.Collect(words.Reduce(func(a, b string) string { return max(a, b) }))
	glommed := streamingtest.Collect(streaming.Glom(words.Union(words)))
	byValue := streamingtest.Collect(streaming.CountByValue(words).Stream)
	behind := streamingtest.Collect(streaming.Map(words.Count(), func(n int64) int64 { return n * 10 }))
	pairs.Print(2)
	in.Feed("a b", "b c")
	in.Feed()
	k.Tick()
	k.Tick()
	if k.Err() != nil {
		t.Fatal(k.Err())
	}
	type p = streaming.Pair[string, int]
	type q = streaming.Pair[string, int64]
	want(t, counts.Batches(), [][]p{{{"a", 1}, {"b", 2}, {"c", 1}}, nil})
	want(t, number.Batches(), [][]int64{{4}, {0}})
	want(t, longest.Batches(), [][]string{{"c"}, nil})
	want(t, glommed.Batches(), [][][]string{{{"a", "b"}, {"b", "c"}, {"a", "b"}, {"b", "c"}}, {nil, nil, nil, nil}})
	want(t, byValue.Batches(), [][]q{{{"a", 1}, {"b", 2}, {"c", 1}}, nil})
	want(t, behind.Batches(), [][]int64{{40}, {0}})
	bar := strings.Repeat("-", 43)
	want(t, k.Stdout(), bar+"\nTime: 1000 ms\n"+bar+"\n(a,1)\n(b,1)\n...\n\n"+bar+"\nTime: 2000 ms\n"+bar+"\n\n")
}

func want(t *testing.T, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %#v\nwant %#v", got, want)
	}
}

func TestAJobWithoutOutputIsRefusedInSparksWords(t *testing.T) {
	k := streamingtest.New(t, time.Second)
	streamingtest.Input[string](k, 1).Stream.Count()
	k.Tick()
	if !errors.Is(k.Err(), streaming.ErrNoOutput) {
		t.Fatalf("got %v", k.Err())
	}
}

func TestAPanicNamesTheOperationAndTheLine(t *testing.T) {
	k := streamingtest.New(t, time.Second)
	in := streamingtest.Input[int](k, 1)
	streaming.Map(in.Stream, func(i int) int { return 1 / i }).Print()
	in.Feed(0)
	k.Tick()
	if err := k.Err(); err == nil || !strings.HasPrefix(err.Error(), "map at stateless_test.go:") {
		t.Fatalf("got %v", err)
	}
}

// Kafka's value.deserializer: the content is in {"content":…}, or it is the value.
func TestEventsAreReadInTheFormThatWasSet(t *testing.T) {
	for _, c := range []struct {
		form    messages.Form
		value   string
		want    string
		rejects int
	}{
		{messages.FormRichEvent, `{"content":"a"}`, "a", 0},
		{messages.FormJSON, `{"content":"a"}`, "a", 0},
		{messages.FormJSON, `a`, "", 1},
		{messages.FormString, `{"content":"a"}`, `{"content":"a"}`, 0},
		{messages.FormString, "grüß", "grüß", 0},
		{messages.FormString, "\xff", "", 1},
		{messages.FormBytes, "\xff\x00", "\xff\x00", 0},
		{messages.FormString, "", "", 0},
	} {
		k := streamingtest.New(t, time.Second)
		streaming.WithEventForm(c.form)(k.Context())
		in := streamingtest.Topic(k, "events", 1)
		out := streamingtest.Collect(streaming.Events(k.Context()))
		in.FeedValue(c.value)
		k.Tick()
		got := ""
		for _, e := range out.Batches()[0] {
			got += e.Content()
		}
		if got != c.want || len(k.Rejects()) != c.rejects {
			t.Errorf("%s of %q: %q, rejects %v", c.form, c.value, got, k.Rejects())
		}
	}
}
