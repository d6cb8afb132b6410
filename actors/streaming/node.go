package streaming

import (
	"time"

	"github.com/hibana-stream/hibana/messages"
)

// A node is one registered operation: {inputs, narrow step | combiners + operator}. Exactly one of source, narrow, union, wide and
// output is set. The element types live in the closures, so that the compiler of a job needs no type parameters.
type node struct {
	id      int
	op      string
	place   string
	context *Context
	inputs  []*node
	sources []*node // all that it reads from, over its inputs
	slide   time.Duration
	width   time.Duration // of a window, 0 for another operation

	source  *sourceSpec
	narrow  narrowSpec
	union   bool
	rejects bool // a narrow operation whose function may reject the record
	wide    *wideSpec
	output  *outputSpec

	// feed pushes partition i of a dataset of this node's type (-1: nothing), and then the end, into a sink of this type.
	feed func(sink any, dataset any, i int)
	// partitions is the number of partitions of such a dataset.
	partitions func(dataset any) int
	// kept collects a partition of this node's type, and together makes a dataset of what it collected.
	kept     combinerSpec
	together func(partitions []any) (dataset any)
	// concat makes one dataset of several; nil ones are left out, and of none at all it makes nil.
	concat func(datasets []any) (dataset any)
	// empty is the dataset without an element.
	empty any
	// tee makes one sink of several.
	tee func(sinks []any) any
}

// narrowSpec turns a sink of the operation's output into a sink of its input.
type narrowSpec func(t *Task, n *node, down any) (up any)

// sourceSpec is a root that reads: from Kafka (topics, pattern, decode) or from a function (pull).
type sourceSpec struct {
	topics []string
	// pattern says that the topics are those that reads accepts, and are not known yet.
	pattern bool
	reads   func(topic string) bool
	decode  func(t *Task, n *node, down any) func([]messages.Raw)
	pull    func(at time.Time) (dataset any, ok bool)
	// ranges are the offset ranges of what pull gave, nil of a source without offsets.
	ranges func(at time.Time) []messages.OffsetRange
}

// wideSpec is an operation that needs all partitions: combiners run in the narrow half, one for each input, and the operator merges.
type wideSpec struct {
	combiners []combinerSpec
	// open makes the operator, with its state, for one Runner.
	open func() operator
	// shape says what the operator keeps from batch to batch, and under which name; the zero Shape: nothing.
	shape messages.Shape
	// divisible says that the merge of a single partition makes sense where no key is in two of them.
	divisible bool
	// beside says that it reads the operator of its input, and so runs where that does.
	beside bool
	// initial says that keys have a state before the first batch.
	initial bool
}

// outputSpec is a wide operation without a result.
type outputSpec struct {
	combiner combinerSpec
	write    func(b *run, in gathered) error
	topic    string // "" when it does not write to Kafka
	file     string // of a batch at 1970, "" when it does not write files
}

// combinerSpec opens an accumulator for one partition and batch: the sink that feeds it, and what it amounts to at the end.
type combinerSpec func(t *Task, n *node) (sink any, result func() any)

// An operator is the wide half of an operation in one Runner. run is called once a batch, in the order of the graph, when the
// operation's own time has come or that of an input has; it must not change its inputs, which are read again when a batch is retried.
type operator interface {
	run(b *run, n *node, in []gathered) (dataset any, err error)
}

// operatorFunc is an operator without state.
type operatorFunc func(b *run, n *node, in []gathered) (any, error)

func (f operatorFunc) run(b *run, n *node, in []gathered) (any, error) { return f(b, n, in) }

// gathered is one input of a wide operation in one batch: the combiner's results, one for each partition, in their order.
type gathered struct {
	// none says that the input has no dataset at this time, which is not the same as an empty one.
	none    bool
	results []any
	ranges  []messages.OffsetRange
	// spans are ranges and, in their places, those of inputs of one's own that have offsets.
	spans []messages.OffsetRange
}

// Stream is a DStream: one dataset of T a batch. It is a value; copies are the same stream.
type Stream[T any] struct{ n *node }

// typed sets what depends on the node's element type.
func typed[T any](n *node) *node {
	n.feed = func(s any, dataset any, i int) {
		down := s.(sink[T])
		if i >= 0 && len(dataset.([][]T)[i]) > 0 {
			down.push(dataset.([][]T)[i])
		}
		down.end()
	}
	n.partitions = func(dataset any) int { return len(dataset.([][]T)) }
	n.tee = func(sinks []any) any { return tee[T](sinks) }
	n.empty = [][]T{}
	n.concat = func(datasets []any) any {
		var all [][]T
		for _, d := range datasets {
			if d != nil && all == nil {
				all = [][]T{}
			}
			if d != nil {
				all = append(all, d.([][]T)...)
			}
		}
		if all == nil {
			return nil
		}
		return all
	}
	n.kept = specOf(collecting[T]())
	n.together = func(partitions []any) any {
		all := make([][]T, len(partitions))
		for i, p := range partitions {
			all[i] = p.([]T)
		}
		return all
	}
	return n
}
