package cmd

import (
	"fmt"
	"strings"
	"time"
)

// greeting is the banner's first line: it is out before anything is connected.
func (m *Main) greeting(c *Config) string {
	where := strings.Join(c.Settings.Bootstrap(), ",")
	if c.embedded() {
		where = "the embedded broker"
	}
	return fmt.Sprintf("hibana %s · batches of %v from %s · %s", version(), c.Interval, where, c.Delivery)
}

// banner is the rest: where things are, and what to type next. With the greeting it has at most eight lines.
func (m *Main) banner(s *stream, sc *screen) []string {
	c := s.config
	topic := "TOPIC"
	if topics := s.program.Topics(); len(topics) > 0 {
		topic = topics[0]
	}
	lines := []string{
		fmt.Sprintf("  reading   %s as group %s, instance %s", strings.Join(s.program.Topics(), ", "), c.group(), s.instance.name),
		fmt.Sprintf("  outputs   %s", strings.Join(s.program.Outputs(), ", ")),
	}
	if s.broker != nil {
		lines = append(lines, fmt.Sprintf("  try       echo '{\"content\":\"hello\"}' | kcat -b %s -t %s -P", s.broker.Addr(), topic))
	}
	steer, stop := "hibana repl -c status        (in another terminal)", "Ctrl-C"
	if sc.terminal != nil {
		steer, stop = "help                         (below; elsewhere: hibana repl)", "exit, or Ctrl-C twice"
	}
	lines = append(lines, "  steer     "+steer)
	if sc.path != "" {
		lines = append(lines, "  log       "+sc.path)
	}
	return append(lines, fmt.Sprintf("  stop      %s; first batch at %s", stop, firstBatch(time.Now(), c.Interval).Format("15:04:05")))
}

// firstBatch is the first multiple of the interval after now.
func firstBatch(now time.Time, interval time.Duration) time.Time {
	return now.Truncate(interval).Add(interval)
}
