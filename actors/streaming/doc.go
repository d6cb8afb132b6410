// Package streaming is the engine: what a job is written with, and what runs it, without actors and without Kafka.
//
// A job registers streams, operations and outputs on a Context. Before the start the Context compiles them, once, into two halves
// that meet at the combiners (a count, a reduction by key, what print keeps):
//
//	narrow half   one Task for each partition and batch, in the consumer actor: decode → map, filter … → accumulators.
//	              Operations are fused: slices are pushed from one to the next as records arrive; nothing is boxed, nothing is kept.
//	wide half     one Runner, in the aggregator's runner: merge → state, windows → the rest of the operations → outputs.
//
// A node that starts a chain of narrow operations is a root: a Kafka source, an input of one's own, or the result of a merge. Each
// chain that ends in a combiner ends in a slot; Part carries one value for each slot. A union has one chain for each of its
// inputs, so that its partitions are those of its inputs, one behind the other, as Spark has it.
//
// A slice that is pushed is valid during the push only, and belongs to the pusher: a sink that keeps elements copies them.
// The kit (package streamingtest) runs these same two halves; there is no second engine.
package streaming
