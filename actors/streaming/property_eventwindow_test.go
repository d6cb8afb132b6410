package streaming_test

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hibana-stream/hibana/actors/streaming"
)

// ended is a window that the watermark has passed.
type ended[R any] = streaming.Windowed[string, R]

// line is one window in a model and in what a job gave.
func line(key string, start, end int64, result any) string {
	return fmt.Sprint("(", key, " ", start, " ", end, " ", result, ")")
}

// showWindows sorts the windows that end together: their order is that of their keys' coming, which is not the models' concern. Those
// that end earlier must come first.
func showWindows[R any](windows []ended[R]) string {
	if !slices.IsSortedFunc(windows, func(a, b ended[R]) int { return a.End.Compare(b.End) }) {
		return "out of order"
	}
	var lines []string
	for _, w := range windows {
		lines = append(lines, line(w.Key, w.Start.Unix(), w.End.Unix(), w.Result))
	}
	return sortedText(lines)
}

func sortedText(lines []string) string {
	slices.Sort(lines)
	return strings.Join(lines, ";")
}

func seconds(n int64) time.Duration { return time.Duration(n) * time.Second }

// trail shows the order in which clicks were taken in: it is not commutative.
var trail = streaming.Aggregate[click, string]{
	Zero:  func() string { return "<" },
	Add:   func(s string, c click) string { return s + fmt.Sprint(c.At, ",") },
	Merge: func(a, b string) string { return a + "|" + b },
}

// slides is the model of windows of the given width and slide, whose results are made of the clicks of each batch and partition.
func slides(h happenings, defect string, width, slide int64, result func(pieces [][]click) any) []string {
	type pane struct {
		key   string
		start int64
	}
	open, last := map[pane][][]click{}, map[pane]int{}
	return h.model(defect, func(c click, piece int, late bool) {
		for start := int64(-100) * slide; start <= c.At && !late; start += slide {
			p := pane{c.Page, start}
			if c.At >= start+width {
				continue
			}
			if len(open[p]) == 0 || last[p] != piece {
				open[p], last[p] = append(open[p], nil), piece
			}
			at := len(open[p]) - 1
			open[p][at] = append(open[p][at], c)
		}
	}, func(mark int64) string {
		if defect == tooLate {
			mark--
		}
		var lines []string
		for p, pieces := range open {
			if end := p.start + width; end <= mark {
				lines = append(lines, line(p.key, p.start, end, result(pieces)))
				delete(open, p)
			}
		}
		return sortedText(lines)
	})
}

func numberOf(pieces [][]click) any { return len(slices.Concat(pieces...)) }

func trailOf(pieces [][]click) any {
	var texts []string
	for _, piece := range pieces {
		text := trail.Zero()
		for _, c := range piece {
			text = trail.Add(text, c)
		}
		texts = append(texts, text)
	}
	return strings.Join(texts, "|")
}

func TestSlidingCountIsItsModel(t *testing.T) {
	agree(t, func(h happenings) []string {
		return played(t, h, func(h happenings, e streaming.EventTimed[click]) streaming.Stream[ended[int64]] {
			return streaming.SlidingCount(e, "w", page, seconds(h.width*h.hops), seconds(h.width))
		}, showWindows[int64])
	}, func(h happenings, defect string) []string {
		return slides(h, defect, h.width*h.hops, h.width, numberOf)
	}, tooLate, fastest, patient, hasty, backwards)
}

func TestTumblingIsItsModel(t *testing.T) {
	agree(t, func(h happenings) []string {
		return played(t, h, func(h happenings, e streaming.EventTimed[click]) streaming.Stream[ended[string]] {
			return streaming.Tumbling(e, "w", page, seconds(h.width), trail)
		}, showWindows[string])
	}, func(h happenings, defect string) []string {
		return slides(h, defect, h.width, h.width, trailOf)
	}, tooLate)
}

func TestSlidingOfAWidthThatIsNoMultipleOfTheSlideIsItsModel(t *testing.T) {
	agree(t, func(h happenings) []string {
		return played(t, h, func(h happenings, e streaming.EventTimed[click]) streaming.Stream[ended[string]] {
			return streaming.Sliding(e, "w", page, seconds(h.width+h.hops), seconds(h.width), trail)
		}, showWindows[string])
	}, func(h happenings, defect string) []string {
		return slides(h, defect, h.width+h.hops, h.width, trailOf)
	}, tooLate)
}

func TestSessionCountIsItsModel(t *testing.T) {
	agree(t, func(h happenings) []string {
		return played(t, h, func(h happenings, e streaming.EventTimed[click]) streaming.Stream[ended[int64]] {
			return streaming.SessionCount(e, "w", page, seconds(h.width))
		}, showWindows[int64])
	}, sessionCounts, touching, fastest, patient, hasty, backwards)
}

// sessionCounts is the model of sessions.
func sessionCounts(h happenings, defect string) []string {
	clicks := map[string][]int64{}
	return h.model(defect, func(c click, _ int, late bool) {
		if !late {
			clicks[c.Page] = append(clicks[c.Page], c.At)
		}
	}, func(mark int64) string {
		var lines []string
		for key, times := range clicks {
			lines, clicks[key] = sessionsOf(key, times, h.width, mark, defect, lines)
		}
		return sortedText(lines)
	})
}

// sessionsOf cuts a key's times into sessions, gives those that are over, and keeps the times of the others.
func sessionsOf(key string, times []int64, gap, mark int64, defect string, lines []string) (_ []string, rest []int64) {
	slices.Sort(times)
	for i := 0; i < len(times); {
		j := i + 1
		for j < len(times) && (times[j]-times[j-1] < gap || defect == touching && times[j]-times[j-1] == gap) {
			j++
		}
		if end := times[j-1] + gap; end <= mark {
			lines = append(lines, line(key, times[i], end, j-i))
		} else {
			rest = append(rest, times[i:j]...)
		}
		i = j
	}
	return lines, rest
}

func TestSessionIsItsModel(t *testing.T) {
	agree(t, func(h happenings) []string {
		return played(t, h, func(h happenings, e streaming.EventTimed[click]) streaming.Stream[ended[string]] {
			return streaming.Session(e, "w", page, seconds(h.width), trail)
		}, showWindows[string])
	}, sessionTrails, touching, laterFirst)
}

// sessionTrails is the model of sessions with their elements, one by one.
func sessionTrails(h happenings, defect string) []string {
	type run struct {
		key, text  string
		start, end int64
	}
	var open []run
	return h.model(defect, func(c click, _ int, late bool) {
		if late {
			return
		}
		with, apart := run{key: c.Page, start: c.At, end: c.At + h.width}, []run{}
		var met []run
		for _, r := range open {
			if r.key != c.Page || c.At >= r.end && !(defect == touching && c.At == r.end) || r.start >= with.end {
				apart = append(apart, r)
				continue
			}
			met = append(met, r)
		}
		slices.SortFunc(met, func(a, b run) int { return cmp.Compare(a.start, b.start) })
		if defect == laterFirst {
			slices.Reverse(met)
		}
		var texts []string
		for _, r := range met {
			texts = append(texts, r.text)
			with.start, with.end = min(with.start, r.start), max(with.end, r.end)
		}
		if met == nil {
			texts = []string{trail.Zero()}
		}
		with.text = trail.Add(strings.Join(texts, "|"), c)
		open = append(apart, with)
	}, func(mark int64) string {
		var lines []string
		open = slices.DeleteFunc(open, func(r run) bool {
			if r.end <= mark {
				lines = append(lines, line(r.key, r.start, r.end, r.text))
			}
			return r.end <= mark
		})
		return sortedText(lines)
	})
}

// What is late is in the stream Late, in order; what is not is in OnTime.
func TestLateIsItsModel(t *testing.T) {
	for name, of := range map[string]func(streaming.EventTimed[click]) streaming.Stream[click]{
		"late": streaming.EventTimed[click].Late, "on time": streaming.EventTimed[click].OnTime,
	} {
		t.Run(name, func(t *testing.T) {
			agree(t, func(h happenings) []string {
				return played(t, h, func(_ happenings, e streaming.EventTimed[click]) streaming.Stream[click] { return of(e) },
					func(clicks []click) string { return fmt.Sprint(clicks) })
			}, func(h happenings, defect string) []string {
				found := []click{}
				return h.model(defect, func(c click, _ int, late bool) {
					if late == (name == "late") {
						found = append(found, c)
					}
				}, func(int64) string {
					text := fmt.Sprint(found)
					found = nil
					return text
				})
			}, fastest, patient, hasty, backwards)
		})
	}
}
