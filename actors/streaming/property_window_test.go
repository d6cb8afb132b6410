package streaming_test

import (
	"slices"
	"testing"

	"github.com/hibana-stream/hibana/actors/streaming"
)

func TestWindowIsTheLastBatches(t *testing.T) {
	holds(t, func(s scenario, in streaming.Stream[string]) streaming.Stream[string] {
		return in.Window(s.w(), s.sl())
	}, func(s scenario, defect bool) []string {
		return s.folded(defect, func(batches [][]string) any { return slices.Concat(batches...) })
	})
}

func TestCountByWindowCounts(t *testing.T) {
	holds(t, func(s scenario, in streaming.Stream[string]) streaming.Stream[int64] {
		return in.CountByWindow(s.w(), s.sl())
	}, func(s scenario, defect bool) []string {
		return s.folded(defect, func(batches [][]string) any { return []int{len(slices.Concat(batches...))} })
	})
}

func TestReduceByWindowReduces(t *testing.T) {
	longest := func(a, b string) string { return max(a, b) }
	holds(t, func(s scenario, in streaming.Stream[string]) streaming.Stream[string] {
		return in.ReduceByWindow(longest, s.w(), s.sl())
	}, func(s scenario, defect bool) []string {
		return s.folded(defect, func(batches [][]string) any {
			if all := slices.Concat(batches...); len(all) > 0 {
				return []string{slices.Max(all)}
			}
			return []string{}
		})
	})
}

func TestReduceByWindowInverseCarriesOn(t *testing.T) {
	holds(t, func(s scenario, in streaming.Stream[string]) streaming.Stream[int] {
		lengths := streaming.Map(in, func(string) int { return 1 })
		return lengths.ReduceByWindowInverse(func(a, b int) int { return a + b }, func(a, b int) int { return a - b }, s.w(), s.sl())
	}, func(s scenario, defect bool) []string {
		seen := false
		return s.folded(defect, func(batches [][]string) any {
			n := len(slices.Concat(batches...))
			if seen = seen || n > 0; !seen {
				return []int{}
			}
			return []int{n}
		})
	})
}

// tally counts elements in the order in which they came.
func tally(into []counts, elements []string) []counts {
	for _, e := range elements {
		i := slices.IndexFunc(into, func(c counts) bool { return c.Key == e })
		if i < 0 {
			i, into = len(into), append(into, counts{Key: e})
		}
		into[i].Value++
	}
	return into
}

func TestReduceByKeyAndWindowReduces(t *testing.T) {
	holds(t, func(s scenario, in streaming.Stream[string]) streaming.Stream[counts] {
		return streaming.MapToPair(in, one).ReduceByKeyAndWindow(func(a, b int) int { return a + b }, s.w(), s.sl()).Stream
	}, func(s scenario, defect bool) []string {
		return s.folded(defect, func(batches [][]string) any { return tally(nil, slices.Concat(batches...)) })
	})
}

func TestReduceByKeyAndWindowInverseIsTheSameWithDeadKeys(t *testing.T) {
	holds(t, func(s scenario, in streaming.Stream[string]) streaming.Stream[counts] {
		return streaming.MapToPair(in, one).ReduceByKeyAndWindowInverse(
			func(a, b int) int { return a + b }, func(a, b int) int { return a - b }, s.w(), s.sl(), nil).Stream
	}, func(s scenario, defect bool) []string {
		var known []counts
		return s.folded(defect, func(batches [][]string) any {
			for i := range known {
				known[i].Value = 0
			}
			known = tally(known, slices.Concat(batches...))
			return known
		})
	})
}

func TestReduceByKeyAndWindowInverseForgetsWhatIsFiltered(t *testing.T) {
	holds(t, func(s scenario, in streaming.Stream[string]) streaming.Stream[counts] {
		return streaming.MapToPair(in, one).ReduceByKeyAndWindowInverse(
			func(a, b int) int { return a + b }, func(a, b int) int { return a - b }, s.w(), s.sl(), func(_ string, n int) bool { return n > 1 }).Stream
	}, func(s scenario, defect bool) []string {
		var known []counts // those in the window, in the order in which they came into it
		return s.folded(defect, func(batches [][]string) any {
			for i := range known {
				known[i].Value = 0
			}
			known = tally(known, slices.Concat(batches...))
			known = slices.DeleteFunc(known, func(c counts) bool { return c.Value == 0 })
			return slices.DeleteFunc(slices.Clone(known), func(c counts) bool { return c.Value < 2 })
		})
	})
}

func TestCountByValueAndWindowDropsZeros(t *testing.T) {
	holds(t, func(s scenario, in streaming.Stream[string]) streaming.Stream[streaming.Pair[string, int64]] {
		return streaming.CountByValueAndWindow(in, s.w(), s.sl()).Stream
	}, func(s scenario, defect bool) []string {
		var known []counts
		return s.folded(defect, func(batches [][]string) any {
			for i := range known {
				known[i].Value = 0
			}
			known = slices.DeleteFunc(tally(known, slices.Concat(batches...)), func(c counts) bool { return c.Value == 0 })
			return known
		})
	})
}

func TestGroupByKeyAndWindowGroups(t *testing.T) {
	holds(t, func(s scenario, in streaming.Stream[string]) streaming.Stream[streaming.Pair[string, []int]] {
		return streaming.GroupByKeyAndWindow(streaming.MapToPair(in, one), s.w(), s.sl()).Stream
	}, func(s scenario, defect bool) []string {
		return s.folded(defect, func(batches [][]string) any {
			var out []streaming.Pair[string, []int]
			for _, c := range tally(nil, slices.Concat(batches...)) {
				out = append(out, streaming.Pair[string, []int]{Key: c.Key, Value: slices.Repeat([]int{1}, c.Value)})
			}
			return out
		})
	})
}

func TestAWindowOfAWindow(t *testing.T) {
	holds(t, func(s scenario, in streaming.Stream[string]) streaming.Stream[int64] {
		return in.Window(s.w(), s.sl()).CountByWindow(2*s.sl(), 2*s.sl())
	}, func(s scenario, defect bool) []string {
		var out []string
		ends, all := s.windows(defect)
		for i := 1; i < len(all); i += 2 {
			n := len(slices.Concat(all[i]...)) + len(slices.Concat(all[i-1]...))
			out = append(out, text(ends[i], []int{n}))
		}
		return out
	})
}
