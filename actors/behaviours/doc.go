// Package behaviours is the one door for actors of your own.
//
//	type counter struct{ seen int }
//
//	func (c *counter) Receive(_ *behaviours.Context, e messages.RichEvent) error {
//		c.seen++
//		return nil
//	}
//
//	func main() {
//		cmd.Execute(job, behaviours.Behaviour{Name: "counter", New: func(behaviours.Env) behaviours.Actor { return &counter{} }})
//	}
//
// A behaviour is an actor of the tree, under the stream's supervision, and to the stream one more output of every batch: it gets the
// batch's events, in Kafka's order within each partition, and the batch commits when it has handled them. That is its credit, too: a slow
// behaviour slows the stream, and nothing piles up in front of it.
//
// What a crash does: a behaviour that panics is restarted with a growing pause, as a new Actor, and gets the events again that it was at:
// at most 10,000, of one partition. What it had published for them is dropped, and published again. One that keeps crashing ends the program,
// which names it; nothing of that batch is committed. An error that Receive returns is no crash: it fails the batch, which the policy
// (failure.retries, failure.then) runs again with all its events.
package behaviours
