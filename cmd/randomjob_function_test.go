//go:build synctests

package cmd_test

import (
	"fmt"
	"slices"
	"time"

	"github.com/hibana-stream/hibana/actors/streaming"
)

// sized puts behind each partition its size.
func sized(s streaming.Stream[string]) streaming.Stream[string] {
	return streaming.MapPartitions(s, func(words []string) []string {
		return append(slices.Clone(words), fmt.Sprintf("p%d", len(words)))
	})
}

// updating keeps a key's values folded; none for a while, or an unlucky value, drops it.
func updating(constant int) func([]int, streaming.Option[int]) streaming.Option[int] {
	return func(values []int, state streaming.Option[int]) streaming.Option[int] {
		next := fold(append([]int{state.OrElse(constant)}, values...), constant)
		if next%5 == 0 {
			return streaming.None[int]()
		}
		return streaming.Some(next)
	}
}

// mapping keeps a key's values folded, removes it at an unlucky one, and shows what times out.
func mapping(constant int, timeout time.Duration) streaming.StateSpec[string, int, int, streaming.Pair[string, int]] {
	return streaming.StateSpec[string, int, int, streaming.Pair[string, int]]{
		Timeout: timeout,
		Function: func(_ time.Time, key string, value streaming.Option[int], state *streaming.KeyState[int]) streaming.Option[streaming.Pair[string, int]] {
			if state.IsTimingOut() {
				return streaming.Some(streaming.Pair[string, int]{Key: key + "!", Value: state.Get()})
			}
			next := fold([]int{state.Option().OrElse(constant), value.OrElse(0)}, constant)
			switch next % 7 {
			case 0:
				return streaming.None[streaming.Pair[string, int]]()
			case 1:
				if state.Exists() {
					state.Remove()
				}
			default:
				state.Update(next)
			}
			return streaming.Some(streaming.Pair[string, int]{Key: key, Value: next})
		},
	}
}

// joinWords is associative; with an odd constant it is not commutative, and shows which words came first and last.
func joinWords(constant int) func(a, b string) string {
	return func(a, b string) string {
		if constant%2 == 0 {
			return max(a, b)
		}
		return short(a + b)
	}
}

// joinValues is associative; with an odd constant it is not commutative.
func joinValues(constant int) func(a, b int) int {
	return func(a, b int) int {
		if constant%2 == 0 {
			return (a + b) % 997
		}
		return a/100*100 + b%100
	}
}

func plus(a, b int) int  { return a + b }
func minus(a, b int) int { return a - b }

// fold depends on the order of the values.
func fold(values []int, constant int) int {
	sum := constant
	for _, v := range values {
		sum = (sum*31 + v) % 997
	}
	return sum
}

func digest(word string, constant int) int {
	sum := constant
	for _, c := range []byte(word) {
		sum = (sum*31 + int(c)) % 997
	}
	return sum
}

// short bounds what words may grow to; it keeps both ends.
func short(word string) string {
	if len(word) <= 24 {
		return word
	}
	return word[:12] + word[len(word)-12:]
}
