package streaming_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/hibana-stream/hibana/actors/streaming"
	"github.com/hibana-stream/hibana/actors/streaming/streamingtest"
)

// given is what an operation is added to.
type given struct {
	c *streaming.Context
	s strs
	p keyedInts
	q streaming.PairStream[string, string]
	e streaming.EventTimed[string]
}

// wrongly makes the functions of an operation wrong, one at a time: nil, or such that they panic.
type wrongly struct {
	which, asked int // the one that is wrong, and how many there were
	panics       bool
	exits        bool // it ends its goroutine instead
}

// in is a function of an operation: the right one, until its turn has come.
func in[F any](w *wrongly, right F) F {
	w.asked++
	if w.asked-1 != w.which {
		return right
	}
	var none F
	if !w.panics {
		return none
	}
	return reflect.MakeFunc(reflect.TypeFor[F](), func([]reflect.Value) []reflect.Value {
		if w.exits {
			runtime.Goexit()
		}
		panic("deliberate")
	}).Interface().(F)
}

// or is a function that may be nil.
func or[F any](w *wrongly, right F) F {
	if !w.panics {
		return right
	}
	return in(w, right)
}

// every is an operation, written on one line, or on the one behind that of its name.
type every struct {
	op, file string
	line     int
	write    func(given, *wrongly)
}

func on(op string, write func(given, *wrongly)) every {
	_, file, line, _ := runtime.Caller(1)
	return every{op, filepath.Base(file), line, write}
}

// told finds a sentence about the operation, which names it and its line.
func (e every) told(err error, sentence string) bool {
	return err != nil && (strings.Contains(err.Error(), fmt.Sprintf("%s at %s:%d: %s", e.op, e.file, e.line, sentence)) ||
		strings.Contains(err.Error(), fmt.Sprintf("%s at %s:%d: %s", e.op, e.file, e.line+1, sentence)))
}

func same1[T any](v T) T     { return v }
func list1[T any](v T) []T   { return []T{v} }
func yes1[T any](T) bool     { return true }
func first2[T any](a, _ T) T { return a }
func fine[T, U any](f func(T) U) tried[T, U] {
	return func(_ context.Context, v T) (U, error) { return f(v), nil }
}
func constant(string) string                                          { return "all" }
func whole[T any](b *streaming.Batch[T]) (*streaming.Batch[T], error) { return b, nil }

type tried[T, U any] = func(context.Context, T) (U, error)

// second tells the time of a word that is a number.
func secondOf(w string) time.Time {
	n, _ := strconv.Atoi(w)
	return time.Unix(int64(n), 0)
}

var (
	longest  = streaming.Aggregate[string, string]{Add: func(a, b string) string { return max(a, b) }, Merge: func(a, b string) string { return max(a, b) }}
	countAll = streaming.StateSpec[string, int, int, string]{Function: func(_ time.Time, k string, _ streaming.Option[int], s *streaming.KeyState[int]) streaming.Option[string] {
		s.Update(1)
		return streaming.Some(k)
	}}
	updateAt = func(_ time.Time, _ string, v []int, s streaming.Option[int]) streaming.Option[int] { return sum(v, s) }
	justOne  = func(time.Time) ([][]string, bool) { return [][]string{{"x"}}, true }
	out      = func(context.Context, streaming.Batch[string]) error { return nil }
	firstOf  = func(a, _ *streaming.Batch[string]) (*streaming.Batch[string], error) { return a, nil }
	anyOf    = func(all []*streaming.Batch[string]) (*streaming.Batch[string], error) { return all[0], nil }
)

// aggregating is longest with functions that may be wrong.
func aggregating(w *wrongly) streaming.Aggregate[string, string] {
	return streaming.Aggregate[string, string]{Zero: or(w, func() string { return "" }), Add: in(w, longest.Add), Merge: in(w, longest.Merge)}
}

// stating is countAll with a function that may be wrong.
func stating(w *wrongly) streaming.StateSpec[string, int, int, string] {
	return streaming.StateSpec[string, int, int, string]{Function: in(w, countAll.Function)}
}

const sec = time.Second

// All operations, with all their functions.
var everything = []every{
	on("map", func(g given, w *wrongly) { streaming.Map(g.s, in(w, strings.ToUpper)).Print() }),
	on("tryMap", func(g given, w *wrongly) { streaming.TryMap(g.s, in(w, fine(strings.ToUpper))).Print() }),
	on("flatMap", func(g given, w *wrongly) { streaming.FlatMap(g.s, in(w, list1[string])).Print() }),
	on("tryFlatMap", func(g given, w *wrongly) { streaming.TryFlatMap(g.s, in(w, fine(list1[string]))).Print() }),
	on("filter", func(g given, w *wrongly) { g.s.Filter(in(w, yes1[string])).Print() }),
	on("tryFilter", func(g given, w *wrongly) { g.s.TryFilter(in(w, fine(yes1[string]))).Print() }),
	on("glom", func(g given, w *wrongly) { streaming.Glom(g.s).Print() }),
	on("mapPartitions", func(g given, w *wrongly) { streaming.MapPartitions(g.s, in(w, same1[[]string])).Print() }),
	on("mapToPair", func(g given, w *wrongly) { streaming.MapToPair(g.s, in(w, one)).Print() }),
	on("repartition", func(g given, w *wrongly) { g.s.Repartition(2).Print() }),
	on("count", func(g given, w *wrongly) { g.s.Count().Print() }),
	on("reduce", func(g given, w *wrongly) { g.s.Reduce(in(w, first2[string])).Print() }),
	on("countByValue", func(g given, w *wrongly) { streaming.CountByValue(g.s).Print() }),
	on("union", func(g given, w *wrongly) { g.s.Union(g.s).Print() }),
	on("union", func(g given, w *wrongly) { streaming.Union(g.c, g.s, g.s).Print() }),
	on("transform", func(g given, w *wrongly) { streaming.Transform(g.s, in(w, whole[string])).Print() }),
	on("transformWith", func(g given, w *wrongly) { streaming.TransformWith(g.s, g.s, in(w, firstOf)).Print() }),
	on("transform", func(g given, w *wrongly) { streaming.TransformAll(g.c, []strs{g.s, g.s}, in(w, anyOf)).Print() }),
	on("reduceByKey", func(g given, w *wrongly) { g.p.ReduceByKey(in(w, add)).Print() }),
	on("combineByKey", func(g given, w *wrongly) {
		streaming.CombineByKey(g.p, in(w, same1[int]), in(w, add), in(w, add)).Print()
	}),
	on("groupByKey", func(g given, w *wrongly) { streaming.GroupByKey(g.p).Print() }),
	on("mapValues", func(g given, w *wrongly) { streaming.MapValues(g.p, in(w, same1[int])).Print() }),
	on("flatMapValues", func(g given, w *wrongly) { streaming.FlatMapValues(g.p, in(w, list1[int])).Print() }),
	on("join", func(g given, w *wrongly) { streaming.Join(g.p, g.q).Print() }),
	on("leftOuterJoin", func(g given, w *wrongly) { streaming.LeftOuterJoin(g.p, g.q).Print() }),
	on("rightOuterJoin", func(g given, w *wrongly) { streaming.RightOuterJoin(g.p, g.q).Print() }),
	on("fullOuterJoin", func(g given, w *wrongly) { streaming.FullOuterJoin(g.p, g.q).Print() }),
	on("cogroup", func(g given, w *wrongly) { streaming.CoGroup(g.p, g.q).Print() }),

	on("window", func(g given, w *wrongly) { g.s.Window(2*sec, sec).Print() }),
	on("reduceByWindow", func(g given, w *wrongly) { g.s.ReduceByWindow(in(w, first2[string]), 2*sec, sec).Print() }),
	on("reduceByWindow", func(g given, w *wrongly) {
		g.s.ReduceByWindowInverse(in(w, first2[string]), in(w, first2[string]), 2*sec, sec).Print()
	}),
	on("countByWindow", func(g given, w *wrongly) { g.s.CountByWindow(2*sec, sec).Print() }),
	on("countByValueAndWindow", func(g given, w *wrongly) { streaming.CountByValueAndWindow(g.s, 2*sec, sec).Print() }),
	on("groupByKeyAndWindow", func(g given, w *wrongly) { streaming.GroupByKeyAndWindow(g.p, 2*sec, sec).Print() }),
	on("reduceByKeyAndWindow", func(g given, w *wrongly) { g.p.ReduceByKeyAndWindow(in(w, add), 2*sec, sec).Print() }),
	on("reduceByKeyAndWindow", func(g given, w *wrongly) {
		g.p.ReduceByKeyAndWindowInverse(in(w, add), in(w, subtract), 2*sec, sec, or(w, func(string, int) bool { return true })).Print()
	}),

	on("updateStateByKey", func(g given, w *wrongly) { streaming.UpdateStateByKey(g.p, "x", in(w, sum)).Print() }),
	on("updateStateByKey", func(g given, w *wrongly) { streaming.UpdateStateByKeyAt(g.p, "x", in(w, updateAt)).Print() }),
	on("mapWithState", func(g given, w *wrongly) { streaming.MapWithState(g.p, "x", stating(w)).Print() }),
	on("withEventTime", func(g given, w *wrongly) { streaming.WithEventTime(g.s, in(w, secondOf), 100*sec).OnTime().Print() }),
	on("tumblingCount", func(g given, w *wrongly) { streaming.TumblingCount(g.e, "x", in(w, constant), 100*sec).Print() }),
	on("slidingCount", func(g given, w *wrongly) { streaming.SlidingCount(g.e, "x", in(w, constant), 100*sec, 50*sec).Print() }),
	on("sessionCount", func(g given, w *wrongly) { streaming.SessionCount(g.e, "x", in(w, constant), 10*sec).Print() }),
	on("tumbling", func(g given, w *wrongly) {
		streaming.Tumbling(g.e, "x", in(w, constant), 100*sec, aggregating(w)).Print()
	}),
	on("sliding", func(g given, w *wrongly) {
		streaming.Sliding(g.e, "x", in(w, constant), 100*sec, 50*sec, aggregating(w)).Print()
	}),
	on("session", func(g given, w *wrongly) {
		streaming.Session(g.e, "x", in(w, constant), 10*sec, aggregating(w)).Print()
	}),

	on("print", func(g given, w *wrongly) { g.s.Print() }),
	on("foreachBatch", func(g given, w *wrongly) { g.s.ForeachBatch(in(w, out)) }),
	on("saveAsTextFiles", func(g given, w *wrongly) { g.s.SaveAsTextFiles(filepath.Join("nowhere", "x"), "") }),
	on("toKafka", func(g given, w *wrongly) {
		g.p.ToKafka("x", in(w, streaming.EncodeText[string]), in(w, streaming.EncodeText[int]))
	}),
	on("input", func(g given, w *wrongly) { streaming.NewInput(g.c, in(w, justOne)).Print() }),
	on("queueStream", func(g given, w *wrongly) { streaming.QueueStream[string](g.c, true).Stream.Print() }),
	on("events", func(g given, w *wrongly) { streaming.Events(g.c, "topic").Print() }),
	on("directStream", func(g given, w *wrongly) {
		streaming.DirectStream(g.c, in(w, streaming.String), in(w, streaming.String), "topic").Print()
	}),
}

// mistaken runs a job of one operation on three batches, which call every function, and gives the error.
func mistaken(t *testing.T, o every, w wrongly) (asked int, err error) {
	k := streamingtest.New(t, sec)
	records, words := streamingtest.Topic(k, "topic", 1), streamingtest.Input[string](k, 2)
	s := words.Stream
	o.write(given{k.Context(), s, streaming.MapToPair(s, one), streaming.MapToPair(s, x), streaming.WithEventTime(s, secondOf, 100*sec)}, &w)
	for _, batch := range []string{"1 1 16 1", "1 8 8 16", "1 1 1 1"} {
		words.Feed(strings.Fields(batch)...)
		records.Feed("a", `{"content":"b"}`)
		k.Tick()
	}
	return w.asked, k.Err()
}

func TestAFunctionThatIsNilOrPanicsIsToldWithItsOperationAndPlace(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, o := range everything {
		for _, panics := range []bool{false, true} {
			functions, err := mistaken(t, o, wrongly{which: -1, panics: panics})
			if err != nil {
				t.Errorf("%s with nothing wrong: %v", o.op, err)
			}
			for i := range functions {
				_, err := mistaken(t, o, wrongly{which: i, panics: panics})
				if panics && !o.told(err, "panic: deliberate") || !panics && !(o.told(err, "the ") && strings.HasSuffix(err.Error(), " is nil")) {
					t.Errorf("%s:%d: function %d of %s, panics: %v, and what is told is: %v", o.file, o.line, i, o.op, panics, err)
				}
			}
		}
	}
}

// A function that ends its goroutine, as FailNow of a test does, would leave whoever waits for it waiting.
func TestAFunctionThatEndsItsGoroutineFailsTheBatch(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, o := range everything {
		functions, _ := mistaken(t, o, wrongly{which: -1, panics: true})
		for i := range functions {
			if _, err := mistaken(t, o, wrongly{which: i, panics: true, exits: true}); !o.told(err, "the function has ended its goroutine") || !errors.Is(err, streaming.ErrGoexit) {
				t.Errorf("%s:%d: function %d of %s ends its goroutine, and what is told is: %v", o.file, o.line, i, o.op, err)
			}
		}
	}
}

func TestEveryOperationIsRefusedAfterTheStart(t *testing.T) {
	for _, o := range everything {
		k, in, _ := simple(t)
		words := streaming.Map(in.Stream, func(int) string { return "" })
		g := given{k.Context(), words, streaming.MapToPair(words, one), streaming.MapToPair(words, x), streaming.WithEventTime(words, secondOf, 0)}
		k.Tick()
		o.write(g, &wrongly{which: -1})
		if err := k.Err(); !errors.Is(err, streaming.ErrAfterStart) || !o.told(err, "Adding new inputs") {
			t.Errorf("%s:%d: %s after the start: %v", o.file, o.line, o.op, err)
		}
	}
}

// These operations have no context that could keep the mistake: the start of each that was there then returns it.
func TestEveryOperationOnAZeroStreamOrANilContextIsToldByTheNextStart(t *testing.T) {
	for _, o := range everything {
		before := streaming.NewContext(sec, streaming.WithSavedState())
		o.write(given{}, &wrongly{which: -1})
		streaming.QueueStream[int](before, true).Stream.Print()
		if err := before.Start(); !o.told(err, "the stream is the zero value") && !o.told(err, "the context is nil") || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s:%d: %s: %v", o.file, o.line, o.op, err)
		}
		after := streaming.NewContext(sec)
		streaming.QueueStream[int](after, true).Stream.Print()
		if err := after.Start(); err != nil {
			t.Errorf("%s: a context that was made later: %v", o.op, err)
		}
	}
	if _, err := (strs{}).Slice(time.Time{}, time.Time{}); err == nil || !strings.Contains(err.Error(), "slice at mistake_every_test.go:") {
		t.Error(err)
	}
}

// Scenario: the zero stream becomes another stream before there is a context, and meets one later.
func TestAStreamThatComesFromTheZeroStreamIsToldWhereItIsUsed(t *testing.T) {
	lost := streaming.Map(strs{}, strings.ToUpper)
	for name, use := range map[string]func(strs){
		"alone":    func(strs) { lost.Print() },
		"together": func(s strs) { s.Union(lost).Print() },
	} {
		if text := refused(t, func(_ *streaming.Context, s strs) { use(s) }); !matches(text, "map at mistake_every_test.go:%: the stream is the zero value") || strings.Contains(text, "\n") {
			t.Errorf("%s: %q", name, text)
		}
	}
	k, _, _ := simple(t)
	k.Tick()
	strs{}.Print()
	if err := k.Err(); err == nil || !matches(err.Error(), "print at mistake_every_test.go:%: the stream is the zero value") {
		t.Errorf("after the start: %v", err)
	}
}
