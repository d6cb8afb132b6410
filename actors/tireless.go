package actors

import "github.com/asynkron/protoactor-go/actor"

// tireless lets an actor go on with its mailbox when a function of the user's has ended the goroutine that it ran on (runtime.Goexit):
// otherwise the actor would be silent for ever. What it did with the message in hand is cut short.
type tireless struct{ actor.Dispatcher }

// Schedule runs the mailbox's work until that returns.
func (d tireless) Schedule(work func()) {
	d.Dispatcher.Schedule(func() {
		over := false
		defer func() {
			if !over {
				d.Schedule(work)
			}
		}()
		work()
		over = true
	})
}

// throughput is protoactor's own.
const throughput = 300
