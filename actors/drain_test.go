//go:build synctests

package actors_test

import (
	"testing"
	"testing/synctest"
	"time"

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
