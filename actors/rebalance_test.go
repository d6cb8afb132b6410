//go:build synctests

package actors_test

// The tag swaps the client's mutexes for channels, without which a bubble's clock stands still while one waits for another.

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"github.com/hibana-stream/hibana/actors"
	"github.com/hibana-stream/hibana/actors/kafka"
	"github.com/hibana-stream/hibana/actors/streaming"
	"github.com/hibana-stream/hibana/messages"
)

// member is one instance of the group.
type memberRig struct {
	stream *streaming.Context
	ledger memoryLedger
	count  int64
	out    bytes.Buffer
}

// join starts an instance that counts the events.
func (r *rig) join(name string) *memberRig {
	return r.joinWith(name, func(m *memberRig) { m.counts(streaming.Events(m.stream).Count()) }, nil)
}

func (m *memberRig) counts(s streaming.Stream[int64]) {
	s.ForeachBatch(func(_ context.Context, b streaming.Batch[int64]) error {
		for _, n := range b.Elements() {
			m.count += n
		}
		return nil
	})
}

// joinWith starts an instance of another job; change may be nil.
func (r *rig) joinWith(name string, job func(*memberRig), change func(*actors.Settings), more ...streaming.Setting) *memberRig {
	r.t.Helper()
	m := &memberRig{}
	source, err := kafka.NewSource(kafka.SourceConfig{
		Client: r.consuming(), Group: "g", InstanceID: name, Topics: []string{"events"},
		SessionTimeout: 10 * time.Second, HeartbeatInterval: 500 * time.Millisecond, Drain: true, Gone: r.gone,
	})
	if err != nil {
		r.t.Fatal(err)
	}
	engine := &starting{source: source}
	m.stream = streaming.NewContext(200*time.Millisecond, append(more, streaming.WithTopics("events"), streaming.WithEngine(engine))...)
	set := actors.Settings{
		Instance: name, Group: "g", Context: m.stream, Source: source, Writer: r.writer,
		Delivery: actors.AtLeastOnce{Store: actors.InGroup{Offsets: source}}, Ledger: &m.ledger, Memory: 64 << 20, Stdout: &m.out,
		Failure: actors.Failure{Retries: 3, Backoff: 200 * time.Millisecond},
		Log:     zerolog.New(zerolog.NewTestWriter(r.t)).Level(zerolog.WarnLevel),
		Close:   func() error { source.Stop(true); return nil },
	}
	if change != nil {
		change(&set)
	}
	engine.System = actors.NewSystem(set)
	job(m)
	if err := m.stream.Start(); err != nil {
		r.t.Fatal(err)
	}
	return m
}

// One to four instances come and go twenty times while events are written: the ledgers of all, joined, are contiguous, and the
// counts sum exactly: nobody was killed, so nothing may repeat.
func TestInstancesJoinAndLeaveWithoutGapOrOverlap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, 8)
		defer r.close()
		random := rand.New(rand.NewPCG(1, 2))
		members := []*memberRig{r.join("m0")}
		all := slices.Clone(members)
		written := 0
		for step := 1; step <= 20; step++ {
			for range 5 {
				r.publish(200)
				written += 200
				<-time.After(300 * time.Millisecond)
			}
			if len(members) == 1 || len(members) < 4 && random.IntN(2) == 0 {
				m := r.join(fmt.Sprintf("m%d", step))
				members, all = append(members, m), append(all, m)
				continue
			}
			i := random.IntN(len(members))
			if err := members[i].stream.Stop(true); err != nil {
				t.Error(err)
			}
			members = slices.Delete(members, i, i+1)
		}
		<-time.After(30 * time.Second)
		for _, m := range members {
			if err := m.stream.Stop(true); err != nil {
				t.Error(err)
			}
		}
		var joined memoryLedger
		var count int64
		for _, m := range all {
			joined.reports = append(joined.reports, m.ledger.reports...)
			count += m.count
		}
		shares := make([]int64, len(all))
		for i, m := range all {
			shares[i] = m.count
		}
		t.Logf("%d events, counted by %d instances: %v", written, len(all), shares)
		if count != int64(written) {
			t.Errorf("counted %d of %d", count, written)
		}
		joined.contiguousAcross(t)
	})
}

// contiguousAcross checks the joined ledgers of several instances: per partition, the ranges that moved line up.
func (l *memoryLedger) contiguousAcross(t *testing.T) {
	t.Helper()
	ranges := map[messages.TopicPartition][]messages.OffsetRange{}
	for _, r := range l.reports {
		for p := range r.Parts() {
			if r.Committed && p.Count() > 0 {
				ranges[p.TopicPartition] = append(ranges[p.TopicPartition], p.OffsetRange)
			}
		}
	}
	for tp, rs := range ranges {
		slices.SortFunc(rs, func(a, b messages.OffsetRange) int { return int(a.From - b.From) })
		for i := range rs[1:] {
			if rs[i].Until != rs[i+1].From {
				t.Errorf("%v: %d-%d is followed by %d-%d", tp, rs[i].From, rs[i].Until, rs[i+1].From, rs[i+1].Until)
			}
		}
	}
}
