package kafka

import (
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/hibana-stream/hibana/messages"
)

// awaitWait waits until the source says that it waits for something with these words.
func (m *member) awaitWait(words string) {
	m.t.Helper()
	m.await("a wait for "+words, func() bool {
		last := ""
		for _, message := range m.messages {
			if wait, ok := message.(messages.SourceWaits); ok {
				last = wait.For
			}
		}
		return strings.Contains(last, words) && (words != "" || last == "")
	})
}

// Nobody answers: that is told within three seconds, with the brokers' names, and taken back when they do.
func TestBrokersDoNotAnswer(t *testing.T) {
	inBubble(t, func(g *ground) {
		var down atomic.Bool
		down.Store(true)
		g.cluster.Control(func(kmsg.Request) (kmsg.Response, error, bool) {
			g.cluster.KeepControl()
			return nil, errors.New("down"), down.Load()
		})
		m := g.member(g.config("events"))
		begun := time.Now()
		m.start()
		defer m.stop()
		m.awaitWait("the brokers localhost")
		if waited := time.Since(begun); waited > 3*time.Second {
			t.Errorf("told after %v", waited)
		}
		<-time.After(20 * time.Second)
		down.Store(false)
		m.awaitWait("")
		m.has(1)
	}, kfake.SeedTopics(1, "events"))
}

// A topic that does not exist yet is waited for by name, and read when it is there; the other topics are read meanwhile.
func TestTopicDoesNotExistYet(t *testing.T) {
	inBubble(t, func(g *ground) {
		m := g.member(g.config("events", "later")).start()
		defer m.stop()
		m.awaitWait("the topic later")
		g.write("events", 0, 0, 3)
		m.awaitUntil(events0, 3)
		if _, err := g.admin.CreateTopic(g.t.Context(), 1, 1, nil, "later"); err != nil {
			t.Fatal(err)
		}
		m.awaitWait("")
		g.write("later", 0, 0, 3)
		m.awaitUntil(tp("later", 0), 3)
	}, kfake.SeedTopics(1, "events"))
}

// A pattern reads what matches, topics that come later, too.
func TestPattern(t *testing.T) {
	inBubble(t, func(g *ground) {
		config := g.config()
		config.Pattern = "^ev.*"
		m := g.member(config).start()
		defer m.stop()
		m.awaitWait(`"^ev.*"`)
		for _, topic := range []string{"other", "events", "eva"} {
			if _, err := g.admin.CreateTopic(g.t.Context(), 1, 1, nil, topic); err != nil {
				t.Fatal(err)
			}
			g.write(topic, 0, 0, 2)
		}
		m.awaitWait("")
		m.awaitUntil(events0, 2)
		m.awaitUntil(tp("eva", 0), 2)
		if len(m.owned()) != 2 {
			t.Error(m.owned())
		}
	})
}

func TestTopicGoesAway(t *testing.T) {
	for name, again := range map[string]bool{"deleted": false, "created again": true} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(g *ground) {
				g.write("events", 0, 0, 3)
				m := g.member(g.config("events")).start()
				defer m.stop()
				m.awaitUntil(events0, 3)
				<-time.After(6 * time.Second)
				if _, err := g.admin.DeleteTopics(g.t.Context(), "events"); err != nil {
					t.Fatal(err)
				}
				if again {
					if _, err := g.admin.CreateTopic(g.t.Context(), 1, 1, nil, "events"); err != nil {
						t.Fatal(err)
					}
				}
				if err := m.awaitFailure(); errors.Is(err, messages.ErrRecreated) != again || !strings.Contains(err.Error(), "events") || !strings.Contains(err.Error(), name) {
					t.Error(err)
				}
			}, kfake.SeedTopics(1, "events"))
		})
	}
}

// What the cluster refuses ends the source, with the right that is needed; a later Join is told, too.
func TestRefusals(t *testing.T) {
	for name, c := range map[string]struct {
		key  kmsg.Key
		code *kerr.Error
		says string
	}{
		"group, join":    {kmsg.JoinGroup, kerr.GroupAuthorizationFailed, `grant READ on group "g"`},
		"group, offsets": {kmsg.OffsetFetch, kerr.GroupAuthorizationFailed, `grant READ on group "g"`},
		"topic, read":    {kmsg.Fetch, kerr.TopicAuthorizationFailed, `grant READ and DESCRIBE on topic "events"`},
		"topic, see":     {kmsg.Metadata, kerr.TopicAuthorizationFailed, `grant READ and DESCRIBE on topic "events"`},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(g *ground) {
				defer g.cluster.Fault(kfake.Fault{Keys: []kmsg.Key{c.key}, Err: c.code, Count: -1}).Remove()
				m := g.member(g.config("events")).start()
				defer m.stop()
				if err := m.awaitFailure(); !errors.Is(err, messages.ErrRefused) || !strings.Contains(err.Error(), c.says) {
					t.Error(err)
				}
				later := g.member(g.config("events"))
				m.source.Join(later.deliver)
				if err := later.awaitFailure(); !errors.Is(err, messages.ErrRefused) {
					t.Error(err)
				}
			}, kfake.SeedTopics(1, "events"))
		})
	}
}

// What passes is waited out: the look-up of the offsets fails for a while, and that is told.
func TestLookupIsRepeated(t *testing.T) {
	inBubble(t, func(g *ground) {
		g.cluster.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.ListOffsets}, Err: kerr.LeaderNotAvailable, Count: 12})
		m := g.member(g.config("events")).start()
		defer m.stop()
		m.awaitWait("the offsets")
		m.awaitWait("")
		m.has(1)
	}, kfake.SeedTopics(1, "events"))
}

// A Reset that comes at once, to somewhere else than the start, is not lost though kgo does not have the partition yet.
func TestResetBeforeKgoIsReady(t *testing.T) {
	inBubble(t, func(g *ground) {
		g.write("events", 0, 0, 100)
		for from := range int64(10) {
			m := g.member(g.config("events"))
			m.manual = true
			deliver := func(message any) {
				m.deliver(message)
				if _, ok := message.(messages.Assigned); ok {
					m.open(events0, 50+from)
				}
			}
			m.source.Join(deliver)
			m.source.Start()
			if l := m.awaitUntil(events0, 100); l.offsets[0] != 50+from {
				t.Errorf("from %d", l.offsets[0])
			}
			m.stop()
		}
	}, kfake.SeedTopics(1, "events"))
}

func TestConfigurationIsChecked(t *testing.T) {
	for says, config := range map[string]SourceConfig{
		"no group":       {Topics: []string{"a"}},
		"no topics":      {Group: "g"},
		"not both":       {Group: "g", Topics: []string{"a"}, Pattern: "b"},
		"pattern":        {Group: "g", Pattern: "("},
		"revoke timeout": {Group: "g", Topics: []string{"a"}, RevokeTimeout: time.Minute, RebalanceTimeout: time.Second},
		"client id":      {Group: "g", Topics: []string{"a"}, Client: []kgo.Opt{kgo.ClientID(strings.Repeat("x", 1000))}},
	} {
		if _, err := NewSource(config); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v", says, err)
		}
	}
}
