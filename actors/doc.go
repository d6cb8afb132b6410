// Package actors runs a compiled job: one producer, one aggregator, one consumer for each partition.
//
// Who owns what: the aggregator owns the progress (which batch fills, which runs, where each partition stands); the runner, a
// goroutine of the streaming context, owns the wide half of the job with its state; a consumer owns the fold of one batch in one
// partition, and nothing that matters.
//
// What a crash does: a consumer is restarted, says Ready, is told From and reads again. The aggregator takes its consumers with
// it; the new one waits until the runner has finished, asks the source for the assignment with the committed positions, and opens
// again. A function of the user's that panics is no crash: it is a failed part or a failed output, and the batch policy's matter.
// The offset is in the question: every Open says From, and whoever is elsewhere goes there.
//
// The package knows Kafka through the interfaces in ports.go only.
package actors
