//go:build synctests

package actors_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/hibana-stream/hibana/actors"
	"github.com/hibana-stream/hibana/actors/kafka"
	"github.com/hibana-stream/hibana/actors/streaming"
)

// drainer starts an instance that ends when all is processed.
func (r *rig) drainer(name string) *memberRig {
	return r.joinWith(name, func(m *memberRig) { m.counts(streaming.Events(m.stream).Count()) },
		func(s *actors.Settings) { s.Drain = s.Source.(*kafka.Source) })
}

// Two members have died a moment ago, one of them before the other had let go of anything. It is started again, takes its name back and gets
// nothing; the partitions come when the other one's session has timed out, and the drain waits for them.
func TestADrainWaitsForWhatADeadMemberHolds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, 4)
		defer r.close()
		var dead []*kafka.Source
		for _, name := range []string{"m0", "m1"} {
			source, err := kafka.NewSource(kafka.SourceConfig{
				Client: r.consuming(), Group: "g", InstanceID: name, Topics: []string{"events"},
				SessionTimeout: 10 * time.Second, HeartbeatInterval: 500 * time.Millisecond,
			})
			if err != nil {
				t.Fatal(err)
			}
			source.Join(func(any) {}) // what is revoked is not released
			source.Start()
			dead = append(dead, source)
			<-time.After(5 * time.Second)
		}
		for _, source := range dead {
			source.Stop(false)
		}
		r.publish(1000)
		m := r.drainer("m1")
		if err := m.stream.AwaitTermination(); err != nil {
			t.Fatal(err)
		}
		if m.count != 1000 {
			t.Errorf("%d of 1000 are counted", m.count)
		}
	})
}

// Three instances drain at the same time, while events are still written: none waits for ever for another.
func TestDrainsDoNotWaitForEachOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, 8)
		defer r.close()
		var members []*memberRig
		for _, name := range []string{"m0", "m1", "m2"} {
			r.publish(1000)
			members = append(members, r.drainer(name))
			<-time.After(50 * time.Millisecond)
		}
		for range 10 {
			r.publish(100)
			<-time.After(100 * time.Millisecond)
		}
		var count int64
		for i, m := range members {
			if ended, err := m.stream.AwaitTerminationOrTimeout(time.Minute); err != nil || !ended {
				t.Errorf("m%d: ended %v, %v", i, ended, err)
			}
			count += m.count
		}
		if count < 3000 || count > 4000 {
			t.Errorf("%d are counted, of 3000 that were there and 1000 that came later", count)
		}
	})
}

// Retention has overtaken what is committed, and the members pass over the rest: there is nothing to read. The one that has a partition says
// so, or the one that drains waits for it for ever.
func TestADrainDoesNotWaitForWhatIsPassedOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, 2)
		defer r.close()
		r.publish(1000)
		r.gone = kafka.GoneLatest
		r.overtake(10, 20)
		other := r.join("m0")
		<-time.After(5 * time.Second)
		m := r.drainer("m1")
		if ended, err := m.stream.AwaitTerminationOrTimeout(time.Minute); err != nil || !ended {
			t.Errorf("ended %v, %v", ended, err)
		}
		for _, m := range []*memberRig{other, m} {
			if err := m.stream.Stop(true); err != nil || m.count != 0 {
				t.Errorf("%v, %d are counted", err, m.count)
			}
		}
	})
}

// overtake leaves partitions whose records up to an offset are committed, and up to a later one gone.
func (r *rig) overtake(committed, start int64) {
	r.t.Helper()
	client, err := kgo.NewClient(r.broker.ClientOptions()...)
	if err != nil {
		r.t.Fatal(err)
	}
	defer client.Close()
	var offsets, trimmed kadm.Offsets
	for p := range int32(2) {
		offsets.AddOffset("events", p, committed, -1)
		trimmed.AddOffset("events", p, start, -1)
	}
	admin := kadm.NewClient(client)
	if err := admin.CommitAllOffsets(r.t.Context(), "g", offsets); err != nil {
		r.t.Fatal(err)
	}
	if _, err := admin.DeleteRecords(r.t.Context(), trimmed); err != nil {
		r.t.Fatal(err)
	}
}
