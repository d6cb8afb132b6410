package streaming

import (
	"fmt"
	"time"
)

// Window is the stream whose dataset is all elements of the last width, the newest batch last; it has one every slide. Early windows are
// shorter; a slide longer than the width leaves elements out. Both must be multiples of the slide of s. Its elements are held, and saved,
// for as long as they are in a window; what is behind it looks at all of them in every slide. Spark: window.
func (s Stream[T]) Window(width, slide time.Duration) Stream[T] {
	return windowed(s, "window", width, slide)
}

func windowed[T any](s Stream[T], op string, width, slide time.Duration) Stream[T] {
	s.n = made(s.n, op)
	element, err := codecFor[T](s.n.context)
	dataset := sliceOf(sliceOf(element))
	n := typed[T](&node{inputs: []*node{s.n}, wide: &wideSpec{combiners: []combinerSpec{specOf(collecting[T]())}}})
	n.holdWindows(op, width, slide, func() *history { return newHistory(dataset, datasetWeigher[T]()) }, dataset.Name, err)
	return Stream[T]{n}
}

// holdWindows registers n as a window whose datasets are kept in a history; codec names how they are saved, and noCodec says why not.
func (n *node) holdWindows(op string, width, slide time.Duration, history func() *history, codec string, noCodec error) {
	from := n.inputs[0]
	n.width, n.slide = width, slide
	n.wide.open = func() operator {
		w := &windowing{width: width, slide: slide, history: history()}
		w.memory = newMemory(n.wide.shape).with('t', w.history)
		return w
	}
	from.context.unnamed(op, fmt.Sprintf("(%v,%v)", width, slide), n, codec, noCodec)
	n.checkWindow(windowedStream, from.slide, width, slide)
}

// What Spark says of the two kinds of windows, word for word.
const (
	windowedStream        = "The %s duration of windowed DStream (%s) must be a multiple of the slide duration of parent DStream (%s)"
	reducedWindowedStream = "The %s duration of ReducedWindowedDStream (%s) must be multiple of the slide duration of parent DStream (%s)"
)

// checkWindow finds widths and slides that are no multiples of the parent's slide, in Spark's words.
func (n *node) checkWindow(form string, parent, width, slide time.Duration) {
	wrong := func(d time.Duration) bool { return parent > 0 && (d <= 0 || d%parent != 0) }
	n.must(wrong(width), fmt.Sprintf(form, "window", inMillis(width), inMillis(parent)))
	n.must(wrong(slide), fmt.Sprintf(form, "slide", inMillis(slide), inMillis(parent)))
}

// inMillis writes a duration as Spark does, and one that is no whole number of milliseconds as it is.
func inMillis(d time.Duration) string {
	if d%time.Millisecond != 0 {
		return d.String()
	}
	return fmt.Sprintf("%d ms", d.Milliseconds())
}

// datasetWeigher estimates what a dataset holds.
//
//go:noinline
func datasetWeigher[T any]() func([][]T) int64 {
	weigh := weigher[T]()
	return func(partitions [][]T) (sum int64) {
		for _, p := range partitions {
			for i := range p {
				sum += weigh(p[i])
			}
		}
		return sum
	}
}

// windowing is the operator of Window. It knows its elements' type by its node only.
type windowing struct {
	width, slide time.Duration
	history      *history
	memory       *memory
}

func (w *windowing) remembers() *memory { return w.memory }

// run takes a dataset if there is one, and makes a window when its time has come; a window always has a dataset.
func (w *windowing) run(b *run, n *node, in []gathered) (any, error) {
	if !in[0].none {
		w.history.add(b.time, n.together(in[0].results))
	}
	out := n.together(nil)
	if all := w.history.between(b.time.Add(-w.width), b.time); b.fires(n) && len(all) > 0 {
		out = n.concat(all)
	}
	w.history.forget(b.next(n).Add(-w.width))
	if !b.fires(n) {
		return nil, nil
	}
	return out, nil
}

// next is the first time after this batch at which n fires.
func (b *run) next(n *node) time.Time {
	over := b.time.Sub(b.zero) % n.slide
	return b.time.Add(n.slide - over)
}
