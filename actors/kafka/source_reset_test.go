package kafka

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/hibana-stream/hibana/messages"
)

var events0 = tp("events", 0)

// nothing is what a look-up finds about a log 60..100 without a committed offset.
func nothing() found {
	return found{start: 60, highWatermark: 100, end: 100, committed: noOffset, explicit: noOffset, fallback: noOffset, lost: noOffset}
}

// Every combination of what is known and what the policies say.
func TestWhereAPartitionStarts(t *testing.T) {
	plan := messages.Plan{Time: time.UnixMilli(1000), Until: 90, Attempt: 2}
	with := func(change func(*found)) found {
		f := nothing()
		change(&f)
		return f
	}
	committed := func(at int64, metadata string) found {
		return with(func(f *found) { f.committed, f.metadata = at, metadata })
	}
	topic := func(id byte, of found) found {
		of.topic = messages.TopicID{id}
		return of
	}
	ofTopic := func(id byte) string {
		plan.TopicID = messages.TopicID{id}
		return plan.Encode()
	}
	for name, c := range map[string]struct {
		policies policies
		found    found
		from     int64
		gone     int64
		planned  bool
		err      error
		says     string
	}{
		"nothing, earliest":                {found: nothing(), from: 60},
		"nothing, latest":                  {policies: policies{reset: ResetLatest}, found: nothing(), from: 100},
		"nothing, latest, open end":        {policies: policies{reset: ResetLatest}, found: with(func(f *found) { f.end = 95 }), from: 95},
		"nothing, none":                    {policies: policies{reset: ResetNone}, found: nothing(), err: messages.ErrNoOffset, says: "events:0"},
		"nothing, started before":          {policies: policies{reset: ResetLatest}, found: with(func(f *found) { f.fallback = 70 }), from: 70},
		"committed":                        {found: committed(80, ""), from: 80},
		"committed at the start":           {found: committed(60, ""), from: 60},
		"committed at the end":             {found: committed(100, ""), from: 100},
		"committed with a plan":            {found: committed(80, plan.Encode()), from: 80, planned: true},
		"committed with an old plan":       {found: committed(90, plan.Encode()), from: 90},
		"committed with an endless plan":   {found: committed(80, messages.Plan{Until: 101}.Encode()), from: 80},
		"committed with foreign metadata":  {found: committed(80, "kgo-1"), from: 80},
		"explicit wins":                    {found: with(func(f *found) { f.committed, f.explicit = 80, 70 }), from: 70},
		"removed, fail":                    {found: committed(40, ""), err: messages.ErrOffsetGone, says: "committed offset 40 of events:0: offsets 40 to 59 (20 records) are gone"},
		"removed, earliest":                {policies: policies{gone: GoneEarliest}, found: committed(40, ""), from: 60, gone: 20},
		"removed, latest":                  {policies: policies{gone: GoneLatest}, found: committed(40, ""), from: 100, gone: 60},
		"removed, earliest, plan survives": {policies: policies{gone: GoneEarliest}, found: committed(40, plan.Encode()), from: 60, gone: 20, planned: true},
		"cut, fail":                        {found: committed(101, ""), err: messages.ErrOffsetGone, says: "committed offset 101 of events:0 is behind the log's end 100"},
		"cut, earliest":                    {policies: policies{gone: GoneEarliest}, found: committed(101, ""), from: 60},
		"cut, latest":                      {policies: policies{gone: GoneLatest}, found: committed(101, ""), from: 100},
		"the same topic":                   {found: topic(1, committed(80, ofTopic(1))), from: 80, planned: true},
		"another topic, fail":              {found: topic(2, committed(80, ofTopic(1))), err: messages.ErrRecreated, says: messages.TopicID{1}.String()},
		"another topic, earliest":          {policies: policies{gone: GoneEarliest}, found: topic(2, committed(80, ofTopic(1))), from: 60},
		"another topic, latest":            {policies: policies{gone: GoneLatest}, found: topic(2, committed(80, ofTopic(1))), from: 100},
		"a topic that was not told":        {found: topic(2, committed(80, "hibana/1 time=1000 until=90 attempt=2")), from: 80, planned: true},
		"a broker that gives no ids":       {found: committed(80, ofTopic(1)), from: 80, planned: true},
		"another topic, explicit":          {found: topic(2, with(func(f *found) { f.committed, f.metadata, f.explicit = 80, ofTopic(1), 70 })), from: 70},
		"lost, earliest":                   {policies: policies{gone: GoneEarliest}, found: with(func(f *found) { f.committed, f.lost = 80, 75 }), from: 75},
		"lost behind the committed":        {policies: policies{gone: GoneEarliest}, found: with(func(f *found) { f.committed, f.lost = 70, 75 }), from: 70},
		"lost, fail":                       {found: with(func(f *found) { f.committed, f.lost = 80, 75 }), err: messages.ErrOffsetGone, says: "behind offset 75"},
		"explicit out of the log":          {found: with(func(f *found) { f.explicit = 10 }), err: messages.ErrOffsetGone, says: "given start offset 10"},
		"read committed, committed ahead":  {found: with(func(f *found) { f.committed, f.end = 99, 90 }), from: 99},
	} {
		t.Run(name, func(t *testing.T) {
			at, err := c.policies.decide(events0, c.found)
			if !errors.Is(err, c.err) || err != nil && !strings.Contains(err.Error(), c.says) {
				t.Fatalf("error %v", err)
			}
			if err == nil && (at.From != c.from || at.Gone != c.gone || at.Planned != c.planned || at.End < at.From) {
				t.Errorf("%+v", at)
			}
		})
	}
}

// The group has committed 40 of 0..100, and retention has removed everything before 60.
func gone(g *ground, policy GonePolicy) *member {
	g.write("events", 0, 0, 100)
	g.commit("g", "events", 0, 40, "")
	g.trim("events", 0, 60)
	config := g.config("events")
	config.Gone = policy
	return g.member(config).start()
}

func TestCommittedOffsetIsGone(t *testing.T) {
	t.Run("fail names what is lost", func(t *testing.T) {
		inBubble(t, func(g *ground) {
			m := gone(g, GoneFail)
			defer m.stop()
			err := m.awaitFailure()
			if !errors.Is(err, messages.ErrOffsetGone) || !strings.Contains(err.Error(), "events:0: offsets 40 to 59 (20 records) are gone") {
				t.Error(err)
			}
		}, kfake.SeedTopics(1, "events"))
	})
	t.Run("earliest goes on behind the gap", func(t *testing.T) {
		inBubble(t, func(g *ground) {
			m := gone(g, GoneEarliest)
			defer m.stop()
			if l := m.awaitUntil(events0, 100); l.offsets[0] != 60 || l.position.Gone != 20 {
				t.Errorf("from %d, %+v", l.offsets[0], l.position)
			}
		}, kfake.SeedTopics(1, "events"))
	})
	t.Run("latest goes on at the end", func(t *testing.T) {
		inBubble(t, func(g *ground) {
			m := gone(g, GoneLatest)
			defer m.stop()
			m.awaitUntil(events0, 100)
			g.write("events", 0, 100, 1)
			if l := m.awaitUntil(events0, 101); len(l.offsets) != 1 || l.position.Gone != 60 {
				t.Errorf("%v, %+v", l.offsets, l.position)
			}
		}, kfake.SeedTopics(1, "events"))
	})
}

func TestNoCommittedOffset(t *testing.T) {
	t.Run("latest starts behind what is there", func(t *testing.T) {
		inBubble(t, func(g *ground) {
			g.write("events", 0, 0, 10)
			config := g.config("events")
			config.Reset = ResetLatest
			m := g.member(config).start()
			defer m.stop()
			m.awaitUntil(events0, 10)
			g.write("events", 0, 10, 5)
			if l := m.awaitUntil(events0, 15); len(l.offsets) != 5 || l.offsets[0] != 10 {
				t.Error(l.offsets)
			}
		}, kfake.SeedTopics(1, "events"))
	})
	t.Run("none refuses", func(t *testing.T) {
		inBubble(t, func(g *ground) {
			config := g.config("events")
			config.Reset = ResetNone
			m := g.member(config).start()
			defer m.stop()
			if err := m.awaitFailure(); !errors.Is(err, messages.ErrNoOffset) || !strings.Contains(err.Error(), "events:0") {
				t.Error(err)
			}
		}, kfake.SeedTopics(1, "events"))
	})
}

// The user's offset wins over the committed one, until something has been committed.
func TestGivenStartOffset(t *testing.T) {
	inBubble(t, func(g *ground) {
		g.write("events", 0, 0, 100)
		g.commit("g", "events", 0, 40, "")
		config := g.config("events")
		config.Partitions = map[messages.TopicPartition]int64{events0: 70}
		m := g.member(config).start()
		defer m.stop()
		if l := m.awaitUntil(events0, 100); l.offsets[0] != 70 || l.position.Committed {
			t.Errorf("%+v", l.position)
		}
		if err := m.source.CommitOffsets(g.t.Context(), []messages.Offset{{TopicPartition: events0, At: 95}}); err != nil {
			t.Fatal(err)
		}
		m.source.Join(m.deliver)
		m.await("the second Assigned", func() bool { return m.lanes[events0].position.From == 95 })
	}, kfake.SeedTopics(1, "events"))
}

// What CommitOffsets writes as metadata comes back as the plan of the next assignment.
func TestPlanComesBack(t *testing.T) {
	inBubble(t, func(g *ground) {
		g.write("events", 0, 0, 100)
		plan := messages.Plan{Time: time.UnixMilli(1234567), Until: 77, Attempt: 3}
		m := g.member(g.config("events")).start()
		m.awaitUntil(events0, 100)
		err := m.source.CommitOffsets(g.t.Context(), []messages.Offset{{TopicPartition: events0, At: 50, Metadata: plan.Encode()}})
		if err != nil {
			t.Fatal(err)
		}
		m.keep = true // the next owner finds what was written, not what a revoke commits
		m.stop()
		next := g.member(g.config("events")).start()
		defer next.stop()
		at := next.awaitUntil(events0, 100).position
		if at.From != 50 || !at.Committed || !at.Planned || at.Plan != plan || at.End != 100 {
			t.Errorf("%+v", at)
		}
	}, kfake.SeedTopics(1, "events"))
}

// Retention overtakes a paused reader: with GoneEarliest the partition is lost and assigned again behind the hole.
func TestPositionLeavesTheLog(t *testing.T) {
	overtaken := func(g *ground, policy GonePolicy) *member {
		g.write("events", 0, 0, 100)
		config := g.config("events")
		config.Gone = policy
		m := g.member(config).start()
		m.awaitUntil(events0, 100)
		m.source.Pause(events0, true)
		<-time.After(10 * time.Second) // a fetch that is under way still sees what is written
		g.write("events", 0, 100, 100)
		g.trim("events", 0, 150)
		m.open(events0, 100)
		m.source.Pause(events0, false)
		return m
	}
	t.Run("fail", func(t *testing.T) {
		inBubble(t, func(g *ground) {
			m := overtaken(g, GoneFail)
			defer m.stop()
			if err := m.awaitFailure(); !errors.Is(err, messages.ErrOffsetGone) {
				t.Error(err)
			}
		}, kfake.SeedTopics(1, "events"))
	})
	t.Run("earliest", func(t *testing.T) {
		inBubble(t, func(g *ground) {
			m := overtaken(g, GoneEarliest)
			defer m.stop()
			if l := m.awaitUntil(events0, 200); l.position.From != 150 || l.position.Gone != 150 || l.offsets[0] != 150 {
				t.Errorf("%+v, from %d", l.position, l.offsets[0])
			}
		}, kfake.SeedTopics(1, "events"))
	})
}
