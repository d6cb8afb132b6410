package cmd_test

import (
	"context"
	"fmt"

	"github.com/hibana-stream/hibana/actors/streaming"
	"github.com/hibana-stream/hibana/cmd"
)

// A plain main: a context, a job, Start, AwaitTermination.
func ExampleStreamingContext() {
	s, closeAll, err := cmd.StreamingContext("interval=100ms", "embedded.listen=127.0.0.1:0", "log.level=error")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer closeAll()
	streaming.Events(s).Count().ForeachBatch(func(_ context.Context, b streaming.Batch[int64]) error {
		fmt.Println("events:", b.Elements()[0])
		return s.Stop(true) // from inside a function: the stream ends after this batch
	})
	if err := s.Start(); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("ended:", s.AwaitTermination())
	// Output:
	// events: 0
	// ended: <nil>
}
