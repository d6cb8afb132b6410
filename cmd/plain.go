package cmd

import (
	"os"

	"github.com/hibana-stream/hibana/actors/streaming"
)

// StreamingContext is the way of a plain main, the second that the post names: write the job on the context, Start it, then
// AwaitTermination. Overrides are key=value as -X takes them; environment and config.yaml of the current folder count as they do
// for the program. Outputs go to standard output, the log to standard error. Call closeAll at the end: it closes what Start did not open.
//
//	s, closeAll, err := cmd.StreamingContext("kafka.bootstrap.servers=broker:9092", "kafka.group.id=counts")
//	…
//	defer closeAll()
//	streaming.Events(s, "orders").Count().Print()
//	err = s.Start()
//	…
//	err = s.AwaitTermination()
func StreamingContext(overrides ...string) (s *streaming.Context, closeAll func(), err error) {
	m := &Main{Stdout: os.Stdout, Stderr: os.Stderr, Env: os.Environ()}
	m.complete()
	flags := &runFlags{overrides: overrides}
	config, err := m.load(flags)
	if err != nil {
		return nil, nil, err
	}
	if err := config.checkStart(false); err != nil {
		return nil, nil, &UsageError{err}
	}
	parts, err := newStream(config, limits{}, nil, m.Stdout, newLog(config, newLiveLevel(config), m.Stderr, !m.mayColor()))
	if err != nil {
		return nil, nil, err
	}
	return parts.context, parts.close, nil
}
