package streaming

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// sideBySide calls f for 0 … n-1, each in a goroutine of its own that is over when it returns.
func sideBySide(n int, f func(int)) {
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { f(i) })
	}
	all.Wait()
}

// inParallel calls f for 0 … n-1, each once, on as many goroutines as there are processors.
func inParallel(n int, f func(int)) {
	var next atomic.Int64
	sideBySide(min(runtime.GOMAXPROCS(0), n), func(int) {
		for i := next.Add(1) - 1; i < int64(n); i = next.Add(1) - 1 {
			f(int(i))
		}
	})
}
