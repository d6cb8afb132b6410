package streaming

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"strings"

	"github.com/hibana-stream/hibana/messages"
)

// dashes is the line that frames the time in what print writes.
var dashes = strings.Repeat("-", 43)

// Print writes the first n elements of each batch (default 10) to standard output, as Spark does: also for an empty batch. They are the
// first in the order of the partitions; n a partition cross over, whatever the size of the batch. Spark: print.
func (s Stream[T]) Print(n ...int) {
	limit := 10
	if len(n) > 0 {
		limit = n[0]
	}
	out := registered(s, "print", false, taking[T](min(limit, math.MaxInt-1)+1), func(b *run, parts [][]T, _ []messages.OffsetRange) error {
		return b.print(limit, func(write func(string)) {
			for _, p := range parts {
				for i := range p {
					write(fmt.Sprint(p[i]))
				}
			}
		})
	})
	out.must(limit < 0, fmt.Sprintf("the number of elements is negative: %d", limit))
	out.must(len(n) > 1, "there is more than one number of elements")
}

// print writes a batch's block with one Write: a kill between two lines of a block is rare this way, two streams do not mix.
func (b *run) print(limit int, elements func(write func(string))) error {
	var out bytes.Buffer
	fmt.Fprintf(&out, "%s\nTime: %d ms\n%s\n", dashes, b.time.UnixMilli(), dashes)
	count := 0
	elements(func(line string) {
		switch count++; {
		case count <= limit:
			out.WriteString(line + "\n")
		case count == limit+1:
			out.WriteString("...\n")
		}
	})
	out.WriteString("\n")
	if b.env.Stdout == nil {
		return nil
	}
	_, err := b.env.Stdout.Write(out.Bytes())
	return err
}

// ForeachBatch runs f once a batch with all its elements, partition by partition and in their order. An error fails the batch, and the
// batch policy decides. The context ends when the stream is stopped without grace. The elements of a batch are held in memory until it has
// run. Spark: foreachRDD.
func (s Stream[T]) ForeachBatch(f func(context.Context, Batch[T]) error) {
	registered(s, "foreachBatch", f == nil, collecting[T](), func(b *run, parts [][]T, ranges []messages.OffsetRange) error {
		return f(b.ctx, Batch[T]{time: b.time, partitions: parts, ranges: ranges})
	})
}

// registered registers an output operation whose combiner keeps elements.
func registered[T any](s Stream[T], op string, missing bool, c combiner[T, []T], write func(b *run, parts [][]T, ranges []messages.OffsetRange) error) *node {
	s.n = made(s.n, op)
	n := &node{inputs: []*node{s.n}, output: &outputSpec{combiner: specOf(c)}}
	n.output.write = func(b *run, in gathered) error {
		return write(b, results[[]T](in), b.rangesOf(in))
	}
	return s.n.context.add(op, n).needs(missing, "the function")
}

// rangesOf are an input's own ranges, or behind a shuffle those of the whole batch.
func (b *run) rangesOf(in gathered) []messages.OffsetRange {
	if len(in.spans) == len(in.results) && len(in.spans) > 0 {
		return in.spans
	}
	all := make([]messages.OffsetRange, len(b.parts))
	for i, p := range b.parts {
		all[i] = p.Range
	}
	for _, n := range b.program.order {
		all = append(all, b.pulled.ranges[n]...)
	}
	return all
}
