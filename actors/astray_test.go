//go:build synctests

package actors_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/hibana-stream/hibana/actors/checkpoint"
	"github.com/hibana-stream/hibana/actors/kafka"
	"github.com/hibana-stream/hibana/messages"
)

// interrupted runs a member that numbers forty events, lets somebody meddle with the group that has no member then, and runs another one
// for forty more. It tells what is wrong with what both have written of so many events, and in their ledgers, and how that one ended.
func interrupted(t *testing.T, meddle func(*kadm.Client) error) (wrong func(events int) []string, ended error) {
	w := newWeather(1, 0, "events", "g-events-changelog", "out")
	defer w.cluster.Close()
	client, err := kgo.NewClient(w.clear()...)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	var all, last []messages.BatchReport
	run := func(written int) error {
		publishKeyed(t, client, written, 40)
		m := w.join(t, "m0")
		stopped, err := m.stream.AwaitTerminationOrTimeout(10 * time.Second)
		if !stopped {
			err = errors.Join(err, m.stream.Stop(true))
		}
		last = m.ledger.reports
		all = append(all, last...)
		return err
	}
	if err := errors.Join(run(0), meddle(kadm.NewClient(client))); err != nil {
		t.Fatal(err)
	}
	ended = run(40)
	records, err := w.committed(t.Context(), "out")
	if err != nil {
		t.Fatal(err)
	}
	<-time.After(time.Second) // protoactor's throttle of dead letters
	return func(events int) []string {
		wrong := misnumbered(records, events)
		for _, reports := range [][]messages.BatchReport{all, last} {
			if verdict := checkpoint.Verify(reports, nil); !verdict.OK() {
				wrong = append(wrong, verdict.String())
			}
		}
		return wrong
	}, ended
}

// The group's offsets are deleted, or expire, while nobody is there: the next start counts nothing twice, and leaves nothing out.
func TestDeletedOffsetsRepeatNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wrong, ended := interrupted(t, func(admin *kadm.Client) error {
			_, err := admin.DeleteGroup(t.Context(), "g")
			return err
		})
		if ended != nil {
			t.Error(ended)
		}
		for _, what := range wrong(80) {
			t.Error(what)
		}
	})
}

// The group's offsets are set to the beginning, and the state is not: the next start is refused before it has counted anything.
func TestOffsetsSetBackAreRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wrong, ended := interrupted(t, func(admin *kadm.Client) error {
			offsets := make(kadm.Offsets)
			for p := range int32(4) {
				offsets.Add(kadm.Offset{Topic: "events", Partition: p, At: 0, LeaderEpoch: -1})
			}
			return admin.CommitAllOffsets(t.Context(), "g", offsets)
		})
		if !errors.Is(ended, kafka.ErrChangelogAstray) {
			t.Errorf("the stream ended with %v, want %v", ended, kafka.ErrChangelogAstray)
		}
		for _, what := range wrong(40) {
			t.Error(what)
		}
	})
}
