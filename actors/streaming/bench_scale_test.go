package streaming_test

import (
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/hibana-stream/hibana/actors/streaming"
)

// numbered is an input of a fixed batch of keys.
func numbered(c *streaming.Context, batch func() []int) streaming.PairStream[int, int] {
	in := streaming.NewInput(c, func(time.Time) ([][]int, bool) { return [][]int{batch()}, true })
	return streaming.MapToPair(in, func(i int) (int, int) { return i, 1 })
}

// BenchmarkMapWithStateIdleKeys touches 1,000 keys a batch beside a number of idle ones: the time must not follow that number.
func BenchmarkMapWithStateIdleKeys(b *testing.B) {
	for _, keys := range []int{1_000, 10_000, 100_000, 1_000_000, 10_000_000} {
		b.Run(strconv.Itoa(keys), func(b *testing.B) {
			batch := fill(0, keys)
			j := newBench(b, func(c *streaming.Context) {
				streaming.MapWithState(numbered(c, func() []int { return batch }), "count", streaming.StateSpec[int, int, int, int]{
					Timeout: 1_000_000 * time.Hour,
					Function: func(_ time.Time, _ int, v streaming.Option[int], s *streaming.KeyState[int]) streaming.Option[int] {
						s.Update(s.Option().OrElse(0) + v.OrElse(0))
						return streaming.None[int]()
					},
				}).Count().Print()
			})
			j.batch(b, load{})
			at := 0
			b.ResetTimer()
			for range b.N {
				batch = fill(at, 1_000)
				at = (at + 1_000) % keys
				j.batch(b, load{})
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1000, "ns/touched-key")
		})
	}
}

func fill(from, n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = from + i
	}
	return out
}

// BenchmarkInvertibleWindow slides windows of growing width over the same batches: the time must not follow the width.
func BenchmarkInvertibleWindow(b *testing.B) {
	batch := fill(0, 1_000)
	for _, width := range []int{10, 100, 1_000, 10_000} {
		b.Run(fmt.Sprint(width, "-intervals"), func(b *testing.B) {
			j := newBench(b, func(c *streaming.Context) {
				numbered(c, func() []int { return batch }).ReduceByKeyAndWindowInverse(
					func(a, b int) int { return a + b }, func(a, b int) int { return a - b },
					time.Duration(width)*time.Second, time.Second, nil).Count().Print()
			})
			for range width {
				j.batch(b, load{})
			}
			b.ResetTimer()
			for range b.N {
				j.batch(b, load{})
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N), "µs/slide")
		})
	}
}

// BenchmarkSessionsOfOneKey opens and closes a number of sessions of the same key in a batch, in Kafka's order or against it: the time of
// one must not follow that number.
func BenchmarkSessionsOfOneKey(b *testing.B) {
	for name, second := range map[string]func(i, n int) int{
		"forward":  func(i, _ int) int { return i },
		"backward": func(i, n int) int { return n - i },
		"woven":    func(i, n int) int { return i*2%n + i*2/n },
	} {
		for _, n := range []int{1_000, 10_000, 100_000} {
			b.Run(fmt.Sprint(name, "/", n), func(b *testing.B) {
				batch, number := make([]int, n), 0
				at := func(i int) time.Time { return time.Unix(int64(2*(number*n+i)), 0) }
				j := newBench(b, func(c *streaming.Context) {
					in := streaming.NewInput(c, func(time.Time) ([][]int, bool) { return [][]int{batch}, true })
					streaming.SessionCount(streaming.WithEventTime(in, at, 0), "sessions", func(int) int { return 0 }, time.Second).Count().Print()
				})
				for i := range batch {
					batch[i] = second(i, n)
				}
				b.ResetTimer()
				for range b.N {
					j.batch(b, load{})
					number++
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/session")
			})
		}
	}
}
