package kafka

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/hibana-stream/hibana/messages"
)

var counts = messages.Shape{Operator: "counts", Kind: "mapWithState", Codec: "string → int"}

// logging is a member that owns events-0 and keeps state in its changelog.
type logging struct {
	*ground
	*Transactions
	changelog *Changelog
}

func logged(t *testing.T, test func(*logging)) {
	t.Helper()
	inBubble(t, func(g *ground) {
		g.write("events", 0, 0, 10)
		m := g.member(g.config("events")).start()
		defer m.stop()
		m.awaitUntil(events0, 10)
		l := &logging{ground: g, changelog: g.changelog(nil, counts)}
		var err error
		l.Transactions, err = NewTransactions(TransactionsConfig{
			Client: g.clientOpts(), ID: "g-one", Timeout: 5 * time.Second, Source: m.source, Log: testLog(), Changelog: l.changelog,
		})
		if err != nil {
			g.t.Fatal(err)
		}
		defer l.Close(g.t.Context())
		test(l)
	}, kfake.SeedTopics(1, "events", "g-events-changelog"))
}

func (g *ground) changelog(check func([]messages.Shape) error, shapes ...messages.Shape) *Changelog {
	return NewChangelog(ChangelogConfig{
		Client: g.clientOpts(), Group: "g", Topics: []string{"events"}, Shapes: shapes, Check: check, Log: testLog(),
	})
}

func entry(key, value string) messages.Change {
	return messages.Change{Operator: "counts", Key: key, Value: value, Partition: events0}
}

func removed(key string) messages.Change {
	return messages.Change{Operator: "counts", Key: key, Deleted: true, Partition: events0}
}

// changed are changes as a job hands them over.
func changed(changes ...messages.Change) iter.Seq[messages.Changes] {
	return slices.Values([]messages.Changes{messages.NewChanges("counts", events0, changes...)})
}

// save writes a batch's changes with the offset behind it.
func (l *logging) save(until int64, changes ...messages.Change) {
	l.t.Helper()
	ctx := l.t.Context()
	claims := []messages.Claim{{OffsetRange: messages.OffsetRange{TopicPartition: events0, From: until - 1, Until: until}}}
	if err := l.Commit(ctx, time.UnixMilli(until), 1, claims, changed(changes...)); err != nil {
		l.t.Fatal(err)
	}
}

// restored is what a restore finds.
func (g *ground) restored(c *Changelog) (map[string]string, error) {
	g.t.Helper()
	ctx, cancel := context.WithTimeout(g.t.Context(), patience)
	defer cancel()
	found := map[string]string{}
	err := c.Restore(ctx, events0, func(changes []messages.Change) (int, error) {
		for _, c := range changes {
			if c.Deleted {
				delete(found, c.Key)
			} else {
				found[c.Key] = c.Value
			}
		}
		return len(changes), nil
	}, func(int64, int64) {})
	return found, err
}

func (g *ground) expectState(c *Changelog, want map[string]string) {
	g.t.Helper()
	if got, err := g.restored(c); err != nil || !maps.Equal(got, want) {
		g.t.Errorf("restored %v (%v), want %v", got, err, want)
	}
}

// What is committed is restored, whatever its keys and values are made of, and what was given up is not.
func TestStateIsRestoredAsItWasCommitted(t *testing.T) {
	logged(t, func(l *logging) {
		l.expectState(l.changelog, map[string]string{})
		l.save(1, entry("a", "1"), entry("", ""), entry("\x00shapes", "x"), entry("b", "2"))
		l.save(2, entry("a", "3"), removed("b"))
		if err := l.saveState(l.t.Context(), nil, changed(entry("a", "never"), entry("z", "never"))); err != nil {
			l.t.Fatal(err)
		}
		l.Abort(l.t.Context())
		l.expectState(l.changelog, map[string]string{"a": "3", "": "", "\x00shapes": "x"})
	})
}

// A transaction that nobody ends holds a restore up until the brokers abort it, and counts for nothing then.
func TestRestoreWaitsForATransactionThatIsOpen(t *testing.T) {
	logged(t, func(l *logging) {
		l.save(1, entry("a", "1"))
		if err := l.saveState(l.t.Context(), nil, changed(entry("a", "open"))); err != nil {
			l.t.Fatal(err)
		}
		began := time.Now()
		l.expectState(l.changelog, map[string]string{"a": "1"})
		if waited := time.Since(began); waited < time.Second {
			l.t.Errorf("the restore took %v: it did not wait", waited)
		}
	})
}

// That nothing comes of the client's fetches for a while, and every transaction is decided, does not mean that there is no state.
func TestRestoreBelievesTheLeaderAndNotTheSilence(t *testing.T) {
	logged(t, func(l *logging) {
		l.save(1, entry("a", "1"))
		began := time.Now()
		l.cluster.ControlKey(int16(kmsg.Fetch), func(request kmsg.Request) (kmsg.Response, error, bool) {
			l.cluster.KeepControl()
			if request.(*kmsg.FetchRequest).SessionEpoch >= 0 && time.Since(began) < 10*time.Second {
				return nil, errors.New("no answer"), true
			}
			return nil, nil, false
		})
		l.expectState(l.changelog, map[string]string{"a": "1"})
		if waited := time.Since(began); waited < 10*time.Second {
			l.t.Errorf("the restore took %v: something was fetched", waited)
		}
	})
}

// A job that would lose what an operation has saved is refused with both shapes; if it may, the entries are taken away for good.
func TestStateOfAnotherShape(t *testing.T) {
	logged(t, func(l *logging) {
		l.expectState(l.changelog, map[string]string{})
		l.save(1, entry("a", "1"))
		other := counts
		other.Codec = "string → text"
		refused := errors.New("refused")
		var saved []messages.Shape
		if _, err := l.restored(l.ground.changelog(func(s []messages.Shape) error { saved = s; return refused }, other)); !errors.Is(err, refused) {
			l.t.Errorf("another codec: %v", err)
		}
		if !slices.Equal(saved, []messages.Shape{counts}) {
			l.t.Errorf("the saved shapes are %v", saved)
		}
		l.Transactions.config.Changelog = l.ground.changelog(nil, other)
		l.Transactions.discard() // the client's partitioner is the same
		l.expectState(l.Transactions.config.Changelog, map[string]string{})
		l.save(2, entry("b", "2"))
		l.expectState(l.ground.changelog(func([]messages.Shape) error { return refused }, other), map[string]string{"b": "2"})
	})
}

// A key is taken apart as it was put together, and nothing that is none comes out as one.
func FuzzChangelogKey(f *testing.F) {
	f.Add("counts", "a")
	f.Add("", "")
	f.Add("\x00shapes", "\x00")
	f.Fuzz(func(t *testing.T, operator, key string) {
		_, _, _ = splitKey(key) // anything at all
		if operator == "" {
			return
		}
		id := shapeID(messages.Shape{Operator: operator, Kind: "k", Codec: "c"})
		gotID, gotKey, err := splitKey(id + key)
		if err != nil || gotID != id || gotKey != key || nameIn(id+key) != operator {
			t.Errorf("%q %q → %q %q %q (%v)", operator, key, gotID, gotKey, nameIn(id+key), err)
		}
	})
}

func ExampleChangelogTopic() {
	fmt.Println(ChangelogTopic("counts", "orders"))
	// Output: counts-orders-changelog
}
