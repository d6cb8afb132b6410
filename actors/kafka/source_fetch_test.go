package kafka

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/hibana-stream/hibana/messages"
)

// transaction writes n records in one transaction and ends it.
func (g *ground) transaction(n int, end kgo.TransactionEndTry) {
	g.t.Helper()
	client := g.newClient(kgo.TransactionalID("tx"), kgo.RecordPartitioner(kgo.ManualPartitioner()))
	defer client.Close()
	if err := client.BeginTransaction(); err != nil {
		g.t.Fatal(err)
	}
	for i := range n {
		r := &kgo.Record{Topic: g.topic, Value: fmt.Appendf(nil, "tx %v %d", end, i)}
		if err := client.ProduceSync(g.t.Context(), r).FirstErr(); err != nil {
			g.t.Fatal(err)
		}
	}
	if err := client.EndTransaction(g.t.Context(), end); err != nil {
		g.t.Fatal(err)
	}
}

// The position passes the markers of transactions, and aborted records are not seen: the partition is read to its end.
func TestTransactionsAreReadToTheEnd(t *testing.T) {
	for _, committed := range []bool{true, false} {
		t.Run(fmt.Sprintf("read committed %v", committed), func(t *testing.T) {
			inBubble(t, func(g *ground) {
				g.transaction(3, kgo.TryCommit) // 0..2, marker 3
				g.transaction(2, kgo.TryAbort)  // 4..5, marker 6
				config := g.config("events")
				config.ReadCommitted = committed
				m := g.member(config).start()
				defer m.stop()
				want := []int64{0, 1, 2}
				if !committed {
					want = append(want, 4, 5)
				}
				l := m.awaitUntil(events0, 7)
				if !slices.Equal(l.offsets, want) || l.end != 7 {
					t.Errorf("read %v, end %d", l.offsets, l.end)
				}
				g.transaction(2, kgo.TryAbort) // 7..8, marker 9: moves the position only
				if l := m.awaitUntil(events0, 10); committed && !slices.Equal(l.offsets, want) {
					t.Errorf("read %v", l.offsets)
				}
			}, kfake.SeedTopics(1, "events"))
		})
	}
}

// An open transaction holds the end back under read_committed.
func TestOpenTransactionIsNotRead(t *testing.T) {
	inBubble(t, func(g *ground) {
		g.write("events", 0, 0, 5)
		client := g.newClient(kgo.TransactionalID("tx"), kgo.RecordPartitioner(kgo.ManualPartitioner()))
		defer client.Close()
		if err := client.BeginTransaction(); err != nil {
			t.Fatal(err)
		}
		if err := client.ProduceSync(g.t.Context(), &kgo.Record{Topic: "events", Value: []byte("open")}).FirstErr(); err != nil {
			t.Fatal(err)
		}
		config := g.config("events")
		config.ReadCommitted = true
		m := g.member(config).start()
		defer m.stop()
		if l := m.awaitUntil(events0, 5); l.end != 5 || l.position.End != 5 {
			t.Errorf("end %d, at first %d", l.end, l.position.End)
		}
		if err := client.EndTransaction(g.t.Context(), kgo.TryCommit); err != nil {
			t.Fatal(err)
		}
		m.awaitUntil(events0, 7)
	}, kfake.SeedTopics(1, "events"))
}

// Compaction has removed the tail: no poll ever returns what is between the position and the end. After a quiet period the position
// passes it, and what is written later is read.
func TestTailWithoutRecords(t *testing.T) {
	inBubble(t, func(g *ground) {
		g.write("events", 0, 0, 4)
		g.write("events", 0, 4, 6)
		emptyTail(g, 4)
		m := g.member(g.config("events")).start()
		defer m.stop()
		if l := m.awaitUntil(events0, 10); !slices.Equal(l.offsets, []int64{0, 1, 2, 3}) {
			t.Errorf("read %v", l.offsets)
		}
		g.write("events", 0, 10, 2)
		if l := m.awaitUntil(events0, 12); !slices.Equal(l.offsets[4:], []int64{10, 11}) {
			t.Errorf("read %v", l.offsets)
		}
	}, kfake.SeedTopics(1, "events"))
}

// emptyTail makes fetches skip what is between an offset and 10, as a compacted log does. Fetches before it get one batch each.
func emptyTail(g *ground, from int64) {
	g.cluster.ControlKey(int16(kmsg.Fetch), func(request kmsg.Request) (kmsg.Response, error, bool) {
		g.cluster.KeepControl()
		fetch := request.(*kmsg.FetchRequest)
		for t := range fetch.Topics {
			for p := range fetch.Topics[t].Partitions {
				switch at := &fetch.Topics[t].Partitions[p]; {
				case at.FetchOffset < from:
					at.PartitionMaxBytes, fetch.MaxBytes = 1, 1
				case at.FetchOffset < 10:
					at.FetchOffset = 10
				}
			}
		}
		return nil, nil, false
	})
}

// A Reset begins a new epoch: what was on its way under the old one is stale, its Consumed and Detach do nothing.
func TestResetBeginsAnEpoch(t *testing.T) {
	inBubble(t, func(g *ground) {
		g.write("events", 0, 0, 100)
		m := g.member(g.config("events")).start()
		defer m.stop()
		first := m.awaitUntil(events0, 100)
		for _, from := range []int64{0, 50, 100, 20} {
			m.open(events0, from)
			m.source.Detach(events0, first.epoch)
			m.source.Consumed(events0, first.epoch, 1<<40)
			if from == 100 {
				continue
			}
			if l := m.awaitUntil(events0, 100); l.offsets[0] != from || len(l.offsets) != int(100-from) || l.epoch <= first.epoch {
				t.Errorf("after a Reset to %d: %d records from %d", from, len(l.offsets), l.offsets[0])
			}
		}
	}, kfake.SeedTopics(1, "events"))
}

// Detach stops a partition until the next Reset; so does the operator's Pause until it is taken back, and the position stays.
func TestDetachAndPause(t *testing.T) {
	inBubble(t, func(g *ground) {
		g.write("events", 0, 0, 10)
		m := g.member(g.config("events")).start()
		defer m.stop()
		l := m.awaitUntil(events0, 10)
		m.source.Detach(events0, l.epoch)
		g.write("events", 0, 10, 10)
		<-time.After(10 * time.Second)
		m.awaitUntil(events0, 10)
		m.source.Pause(events0, true)
		m.open(events0, 10)
		<-time.After(10 * time.Second)
		m.awaitUntil(events0, 10)
		m.source.Pause(events0, false)
		m.awaitUntil(events0, 20)
	}, kfake.SeedTopics(1, "events"))
}

// A consumer that gives no credit back gets its share and no more; another partition goes on; and every record comes once, in
// order, when the credit comes at last.
func TestCreditBoundsWhatIsOutstanding(t *testing.T) {
	inBubble(t, func(g *ground) {
		const n = 20_000
		g.write("events", 0, 0, n)
		g.write("events", 1, 0, n)
		config := g.config("events")
		config.Memory = 1 << 20
		config.Client = append(config.Client, kgo.FetchMaxPartitionBytes(64<<10))
		m := g.member(config)
		m.hold = true
		m.start()
		defer m.stop()
		share := 512 << 10
		held := func(p int32) int {
			if l := m.lanes[tp("events", p)]; l != nil {
				return l.bytes
			}
			return 0
		}
		m.await("both shares", func() bool { return held(0) > share/2 && held(1) > share/2 })
		<-time.After(10 * time.Second)
		m.await("a bound", func() bool { return held(0) < 3*share && held(1) < 3*share })
		consumed := 0
		m.await("partition 1 to its end", func() bool {
			l := m.lanes[tp("events", 1)]
			m.source.Consumed(tp("events", 1), l.epoch, l.bytes-consumed)
			consumed = l.bytes
			return l.until == n
		})
		m.await("partition 0 held", func() bool { return held(0) < 3*share })
		consumed = 0
		m.await("partition 0 to its end", func() bool {
			l := m.lanes[events0]
			m.source.Consumed(events0, l.epoch, l.bytes-consumed)
			consumed = l.bytes
			return l.until == n
		})
		for p := range int32(2) {
			if l := m.awaitUntil(tp("events", p), n); len(l.offsets) != n {
				t.Errorf("partition %d: %d records", p, len(l.offsets))
			}
		}
	}, kfake.SeedTopics(2, "events"))
}

// Keys, values and headers that are missing are told from those that are empty.
func TestMissingIsNotEmpty(t *testing.T) {
	inBubble(t, func(g *ground) {
		headers := []kgo.RecordHeader{{Key: "a", Value: []byte("b")}, {Key: "none"}, {Key: "empty", Value: []byte{}}}
		err := g.client.ProduceSync(g.t.Context(),
			&kgo.Record{Topic: "events", Key: nil, Value: nil},
			&kgo.Record{Topic: "events", Key: []byte{}, Value: []byte{}, Headers: headers},
		).FirstErr()
		if err != nil {
			t.Fatal(err)
		}
		m := g.member(g.config("events"))
		m.manual = true
		m.start()
		defer m.stop()
		m.await("the assignment", func() bool { return m.lanes[events0] != nil })
		got := make(chan messages.Raw, 2)
		m.source.Reset(events0, 0, func(e messages.Events) {
			buffer := make([]messages.Raw, 5)
			n, _ := e.Read(buffer, 0)
			for _, r := range buffer[:n] {
				got <- r
			}
		})
		if r := <-got; r.HasKey() || r.HasValue() || len(slices.Collect(r.Headers())) != 0 {
			t.Errorf("missing: %v %v", r.HasKey(), r.HasValue())
		}
		r := <-got
		want := []messages.Header{{Key: "a", Value: "b"}, {Key: "none", Null: true}, {Key: "empty"}}
		if !r.HasKey() || !r.HasValue() || !slices.Equal(slices.Collect(r.Headers()), want) {
			t.Errorf("empty: %v %v %v", r.HasKey(), r.HasValue(), slices.Collect(r.Headers()))
		}
	}, kfake.SeedTopics(1, "events"))
}
