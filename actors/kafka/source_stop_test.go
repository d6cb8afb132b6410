package kafka

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/hibana-stream/hibana/messages"
)

// A static member that leaves is gone at once; one that stops without leaving keeps its partitions until it is back.
func TestStaticMember(t *testing.T) {
	static := func(g *ground, name string) *member {
		config := g.config("events")
		config.InstanceID = name
		return g.member(config).start()
	}
	t.Run("leaves", func(t *testing.T) {
		inBubble(t, func(g *ground) {
			m := static(g, "a")
			m.has(2)
			m.stop()
			if n := groupSize(g); n != 0 {
				t.Errorf("%d members", n)
			}
		}, kfake.SeedTopics(2, "events"))
	})
	t.Run("goes without leaving", func(t *testing.T) {
		inBubble(t, func(g *ground) {
			m := static(g, "a")
			m.has(2)
			m.source.Stop(false)
			m.work.Wait()
			if n := groupSize(g); n != 1 {
				t.Errorf("%d members", n)
			}
			begun := time.Now()
			m = static(g, "a")
			m.has(2)
			if waited := time.Since(begun); waited > 2*time.Second {
				t.Errorf("waited %v", waited)
			}
			m.stop()
		}, kfake.SeedTopics(2, "events"))
	})
	t.Run("name held by a life that is gone", func(t *testing.T) {
		inBubble(t, func(g *ground) {
			zero := tp("events", 0)
			g.write("events", 0, 0, 10)
			m := static(g, "a")
			m.awaitUntil(zero, 10)
			// As a coordinator does that has taken over from a dead one, and knows the name's holder before this member only.
			g.cluster.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Heartbeat}, Err: kerr.FencedInstanceID, Count: 1})
			m.await("Lost", func() bool { return m.lanes[zero] == nil })
			begun := time.Now()
			if err := m.source.CommitOffsets(g.t.Context(), []messages.Offset{{TopicPartition: zero, At: 10}}); !errors.Is(err, messages.ErrNotOwner) {
				t.Error(err)
			}
			g.write("events", 0, 10, 10)
			m.awaitUntil(zero, 20)
			if waited := time.Since(begun); waited > 7*time.Second {
				t.Errorf("waited %v", waited)
			}
			if err := m.source.CommitOffsets(g.t.Context(), []messages.Offset{{TopicPartition: zero, At: 20}}); err != nil {
				t.Error(err)
			}
			if waits := m.source.Waiting(); waits != "" {
				t.Errorf("still waits for %s", waits)
			}
			m.stop()
			if n := groupSize(g); n != 0 {
				t.Errorf("%d members", n)
			}
		}, kfake.SeedTopics(2, "events"))
	})
	t.Run("stopped while it waits for its name", func(t *testing.T) {
		inBubble(t, func(g *ground) {
			first := static(g, "a")
			first.has(2)
			second := static(g, "a")
			first.await("a wait", func() bool { return strings.Contains(first.source.Waiting(), "instance name") })
			begun := time.Now()
			first.stop()
			if waited := time.Since(begun); waited > time.Second {
				t.Errorf("waited %v", waited)
			}
			second.has(2)
			second.stop()
		}, kfake.SeedTopics(2, "events"))
	})
	t.Run("name in use elsewhere", func(t *testing.T) {
		inBubble(t, func(g *ground) {
			first := static(g, "a")
			first.has(2)
			second := static(g, "a")
			second.has(2)
			if err := first.awaitFailure(); !errors.Is(err, kerr.FencedInstanceID) {
				t.Error(err)
			}
			first.stop()
			<-time.After(20 * time.Second)
			if n := groupSize(g); n != 1 || len(second.owned()) != 2 {
				t.Errorf("%d members, the second has %d partitions", n, len(second.owned()))
			}
			second.stop()
		}, kfake.SeedTopics(2, "events"))
	})
}

func groupSize(g *ground) int {
	g.t.Helper()
	groups, err := g.admin.DescribeGroups(g.t.Context(), g.group)
	if err != nil {
		g.t.Fatal(err)
	}
	return len(groups[g.group].Members)
}

// Stop ends in time whatever is going on: before Start, while brokers do not answer, while a revoke waits, during look-ups; and twice.
func TestStopNeverHangs(t *testing.T) {
	stopped := func(t *testing.T, m *member) {
		t.Helper()
		begun := time.Now()
		for _, leave := range []bool{true, false} {
			m.source.Stop(leave)
		}
		m.work.Wait()
		if waited := time.Since(begun); waited > leaveTimeout+2*time.Second {
			t.Errorf("waited %v", waited)
		}
		said := len(m.messages)
		m.source.Join(m.deliver)
		m.source.Reset(events0, 0, m.events)
		m.source.Released(1)
		if len(m.messages) != said {
			t.Error("messages after Stop")
		}
	}
	for name, before := range map[string]func(g *ground, m *member){
		"before Start":     func(*ground, *member) {},
		"right after":      func(_ *ground, m *member) { m.start() },
		"while it joins":   func(_ *ground, m *member) { m.start(); <-time.After(3 * time.Millisecond) },
		"without an owner": func(_ *ground, m *member) { m.source.Start(); <-time.After(time.Second) },
		"nobody answers": func(g *ground, m *member) {
			g.cluster.Control(func(kmsg.Request) (kmsg.Response, error, bool) {
				g.cluster.KeepControl()
				return nil, errors.New("gone"), true
			})
			m.start()
			<-time.After(10 * time.Second)
		},
		"during a look-up": func(g *ground, m *member) {
			g.cluster.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.ListOffsets}, Err: kerr.LeaderNotAvailable, Count: -1})
			m.start()
			m.await("a wait", func() bool { return m.source.Waiting() != "" })
		},
		"a revoke waits": func(g *ground, m *member) {
			m.keep = true
			m.start()
			m.has(2)
			other := g.member(g.config("events")).start()
			g.t.Cleanup(other.stop)
			m.await("Revoked", func() bool {
				return slices.ContainsFunc(m.messages, func(x any) bool { _, ok := x.(messages.Revoked); return ok })
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(g *ground) {
				m := g.member(g.config("events"))
				before(g, m)
				stopped(t, m)
			}, kfake.SeedTopics(2, "events"))
		})
	}
}
