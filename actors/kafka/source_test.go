package kafka

import (
	"testing"

	"github.com/twmb/franz-go/pkg/kfake"
)

// A member without a committed offset reads everything from the start, once, in order.
func TestReadsFromTheStart(t *testing.T) {
	inBubble(t, func(g *ground) {
		g.write("events", 0, 0, 100)
		g.write("events", 1, 0, 50)
		m := g.member(g.config("events")).start()
		defer m.stop()
		if l := m.awaitUntil(tp("events", 0), 100); len(l.values) != 100 || l.values[99] != "0:99" || l.end != 100 {
			t.Errorf("read %d records, end %d", len(l.values), l.end)
		}
		if l := m.awaitUntil(tp("events", 1), 50); len(l.values) != 50 {
			t.Errorf("read %d records", len(l.values))
		}
	}, kfake.SeedTopics(2, "events"))
}
