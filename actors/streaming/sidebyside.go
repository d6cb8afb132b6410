package streaming

import "sync"

// sideBySide calls f for 0 … n-1, each in a goroutine of its own that is over when it returns.
func sideBySide(n int, f func(int)) {
	var all sync.WaitGroup
	for i := 1; i < n; i++ {
		all.Go(func() { f(i) })
	}
	if n > 0 {
		f(0)
	}
	all.Wait()
}
