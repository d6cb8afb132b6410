package streaming

// sink takes slices of one partition, and the end of the partition's batch.
type sink[T any] struct {
	push func([]T)
	end  func()
}

// tee makes one sink of several.
func tee[T any](sinks []any) sink[T] {
	if len(sinks) == 1 {
		return sinks[0].(sink[T])
	}
	downs := make([]sink[T], len(sinks))
	for i, s := range sinks {
		downs[i] = s.(sink[T])
	}
	return sink[T]{
		push: func(in []T) {
			for _, d := range downs {
				d.push(in)
			}
		},
		end: func() {
			for _, d := range downs {
				d.end()
			}
		},
	}
}
