package streaming_test

import (
	"fmt"
	"strings"
	"time"

	"github.com/hibana-stream/hibana/actors/streaming"
)

func ExampleMapValues() {
	runExample(func(words streaming.Stream[string]) {
		streaming.MapValues(streaming.MapToPair(words, one), func(n int) int { return 10 * n }).Print()
	}, "a b")
	// Output: 1000: (a,10) (b,10)
}

func ExampleFlatMapValues() {
	runExample(func(words streaming.Stream[string]) {
		lengths := streaming.MapToPair(words, func(w string) (int, string) { return len(w), w })
		streaming.FlatMapValues(lengths, func(w string) []string { return strings.Split(w, "-") }).Print()
	}, "a-b c")
	// Output: 1000: (3,a) (3,b) (1,c)
}

// The mean length by first letter: a sum and a count are combined, which a reduction of lengths could not.
func ExampleCombineByKey() {
	type mean struct{ sum, n int }
	runExample(func(words streaming.Stream[string]) {
		lengths := streaming.MapToPair(words, func(w string) (string, int) { return w[:1], len(w) })
		means := streaming.CombineByKey(lengths,
			func(length int) mean { return mean{length, 1} },
			func(m mean, length int) mean { return mean{m.sum + length, m.n + 1} },
			func(a, b mean) mean { return mean{a.sum + b.sum, a.n + b.n} })
		streaming.MapValues(means, func(m mean) int { return m.sum / m.n }).Print()
	}, "ant bee bumblebee")
	// Output: 1000: (a,3) (b,6)
}

// byInitial are the words of the given length by their first letter.
func byInitial(words streaming.Stream[string], length int) streaming.PairStream[string, string] {
	some := words.Filter(func(w string) bool { return len(w) == length })
	return streaming.MapToPair(some, func(w string) (string, string) { return w[:1], w })
}

// initials are how often each word of one letter comes.
func initials(words streaming.Stream[string]) streaming.PairStream[string, int] {
	return streaming.MapToPair(words.Filter(func(w string) bool { return len(w) == 1 }), one).ReduceByKey(add)
}

func ExampleRightOuterJoin() {
	runExample(func(words streaming.Stream[string]) {
		streaming.RightOuterJoin(initials(words), byInitial(words, 2)).Print()
	}, "a a ab b cd")
	// Output: 1000: (a,(Some(2),ab)) (c,(None,cd))
}

func ExampleFullOuterJoin() {
	runExample(func(words streaming.Stream[string]) {
		streaming.FullOuterJoin(initials(words), byInitial(words, 2)).Print()
	}, "a a ab b cd")
	// Output: 1000: (a,(Some(2),Some(ab))) (b,(Some(1),None)) (c,(None,Some(cd)))
}

func ExampleCoGroup() {
	runExample(func(words streaming.Stream[string]) {
		streaming.CoGroup(initials(words), byInitial(words, 2)).Print()
	}, "a a ab b ac cd")
	// Output: 1000: (a,([2],[ab ac])) (b,([1],[])) (c,([],[cd]))
}

// A key's state before the first batch.
func ExampleInitialState() {
	runExample(func(words streaming.Stream[string]) {
		streaming.UpdateStateByKey(streaming.MapToPair(words, one), "totals", sum,
			streaming.InitialState(streaming.Pair[string, int]{Key: "a", Value: 100})).Print()
	}, "a b")
	// Output: 1000: (a,101) (b,1)
}

// When each word was last seen; one that has not been for more than a second is forgotten.
func ExampleUpdateStateByKeyAt() {
	runExample(func(words streaming.Stream[string]) {
		streaming.UpdateStateByKeyAt(streaming.MapToPair(words, one), "seen",
			func(t time.Time, _ string, ones []int, last streaming.Option[int64]) streaming.Option[int64] {
				if len(ones) > 0 {
					return streaming.Some(t.Unix())
				}
				if at, ok := last.Get(); ok && t.Unix()-at > 1 {
					return streaming.None[int64]()
				}
				return last
			}).Print()
	}, "a b", "a", "")
	// Output:
	// 1000: (a,1) (b,1)
	// 2000: (a,2) (b,1)
	// 3000: (a,2)
}

// All keys with their states, next to what the function gave for each record.
func ExampleMappedStream_StateSnapshots() {
	runExample(func(words streaming.Stream[string]) {
		totals := streaming.MapWithState(streaming.MapToPair(words, one), "totals", streaming.StateSpec[string, int, int, string]{
			Function: func(_ time.Time, word string, n streaming.Option[int], total *streaming.KeyState[int]) streaming.Option[string] {
				total.Update(total.Option().OrElse(0) + n.OrElse(0))
				return streaming.Some(word)
			},
		})
		totals.StateSnapshots().Print()
	}, "a b", "a")
	// Output:
	// 1000: (a,1) (b,1)
	// 2000: (a,2) (b,1)
}

// A state of a type that is saved in a form of one's own.
func ExampleSetCodec() {
	type total struct{ n int } // unexported: JSON would lose it
	runJob(func(s *streaming.Context) {
		streaming.SetCodec(s, streaming.Codec[total]{
			Name:   "decimal",
			Encode: func(dst []byte, t total) ([]byte, error) { return fmt.Append(dst, t.n), nil },
			Decode: func(wire string) (t total, err error) { _, err = fmt.Sscan(wire, &t.n); return t, err },
		})
		records := streaming.DirectStream(s, streaming.String, streaming.String)
		pairs := streaming.MapToPair(records, func(r record) (string, string) { return r.Key(), r.Value() })
		streaming.UpdateStateByKey(pairs, "totals", func(values []string, was streaming.Option[total]) streaming.Option[total] {
			return streaming.Some(total{was.OrElse(total{}).n + len(values)})
		}).Print()
	}, "a=x a=y", "a=z")
	// Output:
	// 1000: (a,{2})
	// 2000: (a,{3})
}

func ExampleOption() {
	some, none := streaming.Some(3), streaming.None[int]()
	value, ok := some.Get()
	fmt.Println(some, value, ok, none, none.IsSome(), none.OrElse(7))
	// Output: Some(3) 3 true None false 7
}
