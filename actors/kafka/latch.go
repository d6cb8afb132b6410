package kafka

// latch is a mutex that may be held while the network is waited for: under a virtual clock, who waits for it does not stop the clock,
// as who waits for a sync.Mutex does.
type latch chan struct{}

func newLatch() latch { return make(latch, 1) }

func (l latch) Lock() { l <- struct{}{} }

func (l latch) Unlock() { <-l }
