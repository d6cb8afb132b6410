// Package streamingtest is the kit: it runs a job's two halves by hand, without a broker, without actors and without a clock.
//
//	k := streamingtest.New(t, time.Second)
//	in := streamingtest.Input[string](k, 2)
//	out := streamingtest.Collect(streaming.Map(in.Stream, strings.ToUpper))
//	in.Feed("a", "b")
//	k.Tick()
//	// out.Batches() is [["A" "B"]]
package streamingtest
