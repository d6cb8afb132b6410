package kafka

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/hibana-stream/hibana/messages"
)

// transacting is a member that owns events-0 with ten records, and its transactions.
type transacting struct {
	*ground
	*Transactions
	deaf atomic.Bool // every EndTxn arrives, and its answer does not, until a new id is asked for
}

func transact(t *testing.T, test func(*transacting)) {
	t.Helper()
	inBubble(t, func(g *ground) {
		g.write("events", 0, 0, 10)
		m := g.member(g.config("events")).start()
		defer m.stop()
		m.awaitUntil(events0, 10)
		x := &transacting{ground: g}
		var err error
		x.Transactions, err = NewTransactions(TransactionsConfig{
			Client: append(g.clientOpts(), kgo.Dialer(x.dial)), ID: "g-one", Timeout: 5 * time.Second, Source: m.source, Log: testLog(),
		})
		if err != nil {
			g.t.Fatal(err)
		}
		defer x.Close(g.t.Context())
		if err := x.Open(g.t.Context()); err != nil {
			g.t.Fatal(err)
		}
		test(x)
	}, kfake.SeedTopics(1, "events", "out"))
}

func (x *transacting) dial(ctx context.Context, network, host string) (net.Conn, error) {
	conn, err := x.network.DialContext(ctx, network, host)
	return &halfDeaf{Conn: conn, x: x}, err
}

// halfDeaf hears nothing more once it has sent an EndTxn.
type halfDeaf struct {
	net.Conn
	x    *transacting
	dead atomic.Bool
}

func (c *halfDeaf) Write(b []byte) (int, error) {
	if len(b) > 6 {
		switch kmsg.Key(binary.BigEndian.Uint16(b[4:])) {
		case kmsg.EndTxn:
			c.dead.Store(c.x.deaf.Load())
		case kmsg.InitProducerID:
			c.x.deaf.Store(false)
		}
	}
	return c.Conn.Write(b)
}

func (c *halfDeaf) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if c.dead.Load() {
		return 0, io.EOF
	}
	return n, err
}

// unchanged is state that a batch has left alone.
func unchanged(func(messages.Changes) bool) {}

// batch writes one record and commits the range; after an error it aborts.
func (x *transacting) batch(from, until int64) error {
	ctx := x.t.Context()
	err := x.ProduceAll(ctx, []messages.Outgoing{messages.NewOutgoing("out", "k", true, "v")})
	if err == nil {
		err = x.Commit(ctx, time.UnixMilli(until), 1, []messages.Claim{{OffsetRange: messages.OffsetRange{TopicPartition: events0, From: from, Until: until}}}, unchanged)
	}
	if err != nil {
		x.Abort(ctx)
	}
	return err
}

// expect checks what a reader of committed records sees, and what the group has committed.
func (x *transacting) expect(records int, committed int64) {
	x.t.Helper()
	client := x.newClient(kgo.ConsumeTopics("out"), kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	defer client.Close()
	seen := 0
	for {
		ctx, cancel := context.WithTimeout(x.t.Context(), 20*time.Second)
		fetches := client.PollFetches(ctx)
		cancel()
		if fetches.NumRecords() == 0 {
			break
		}
		seen += fetches.NumRecords()
	}
	offsets, err := x.ground.admin.FetchOffsets(x.t.Context(), "g")
	if o, _ := offsets.Lookup("events", 0); err != nil || seen != records || o.At != committed {
		x.t.Errorf("%d records and offset %d (%v), want %d and %d", seen, o.At, err, records, committed)
	}
}

// Batches follow each other, also one without records: the offsets are exactly the batch's.
func TestBatchesInTransactions(t *testing.T) {
	transact(t, func(x *transacting) {
		if err := errors.Join(x.batch(0, 3), x.batch(3, 5)); err != nil {
			x.t.Fatal(err)
		}
		plain := []messages.Claim{{OffsetRange: messages.OffsetRange{TopicPartition: events0, From: 5, Until: 6}}}
		if err := x.Commit(x.t.Context(), time.UnixMilli(6), 1, plain, unchanged); err != nil {
			x.t.Fatal(err)
		}
		if err := x.batch(6, 10); err != nil {
			x.t.Fatal(err)
		}
		x.expect(3, 10)
	})
}

// The answer to the end of a transaction is lost, but the commit stands: the batch is known to be committed, and not run again.
func TestLostAnswerToACommit(t *testing.T) {
	transact(t, func(x *transacting) {
		x.deaf.Store(true)
		if err := x.batch(0, 3); err != nil {
			x.t.Fatal(err)
		}
		if err := x.batch(3, 4); err != nil {
			x.t.Fatal(err)
		}
		x.expect(2, 4)
	})
}

// What the brokers can answer, and what becomes of the batch: it is not committed, and the same batch can be run again.
func TestTransactionsThatFail(t *testing.T) {
	for name, fault := range map[string]kfake.Fault{
		"end unknown":       {Keys: []kmsg.Key{kmsg.EndTxn}, TopLevel: true, Err: kerr.UnknownServerError},
		"fenced at the end": {Keys: []kmsg.Key{kmsg.EndTxn}, TopLevel: true, Err: kerr.ProducerFenced},
		"old epoch":         {Keys: []kmsg.Key{kmsg.Produce}, Topic: "out", Err: kerr.InvalidProducerEpoch},
		"fenced at offsets": {Keys: []kmsg.Key{kmsg.TxnOffsetCommit}, Topic: "events", Err: kerr.InvalidProducerEpoch},
		"old generation":    {Keys: []kmsg.Key{kmsg.TxnOffsetCommit}, Topic: "events", Err: kerr.IllegalGeneration},
		"unknown member":    {Keys: []kmsg.Key{kmsg.TxnOffsetCommit}, Topic: "events", Err: kerr.UnknownMemberID},
	} {
		t.Run(name, func(t *testing.T) {
			transact(t, func(x *transacting) {
				defer x.cluster.Fault(fault).Remove()
				err := x.batch(0, 3)
				disowned := fault.Err == kerr.IllegalGeneration || fault.Err == kerr.UnknownMemberID
				if err == nil || errors.Is(err, messages.ErrNotOwner) != disowned {
					x.t.Errorf("%v", err)
				}
				if err := x.batch(0, 3); err != nil {
					x.t.Fatal(err)
				}
				x.expect(1, 3)
			})
		})
	}
}

// The coordinator is busy with a transaction for a while: the batch waits for it, whatever the request, and does not fail.
func TestTransactionsThatAreConcurrentAreWaitedFor(t *testing.T) {
	for name, key := range map[string]kmsg.Key{
		"end": kmsg.EndTxn, "offsets": kmsg.TxnOffsetCommit, "group": kmsg.AddOffsetsToTxn, "records": kmsg.Produce,
	} {
		t.Run(name, func(t *testing.T) {
			transact(t, func(x *transacting) {
				x.old = key == kmsg.AddOffsetsToTxn
				fault := kfake.Fault{Keys: []kmsg.Key{key}, Err: kerr.ConcurrentTransactions, Count: 20, TopLevel: key == kmsg.EndTxn || key == kmsg.AddOffsetsToTxn}
				h := x.cluster.Fault(fault)
				defer h.Remove()
				if err := x.batch(0, 3); err != nil {
					x.t.Error(err)
				}
				if h.Hits() != 20 {
					x.t.Errorf("asked %d times in vain, want 20", h.Hits())
				}
				x.expect(1, 3)
			})
		})
	}
}

// A topic that the client does not know yet keeps a transaction from being ended, which kgo would abort without a word.
func TestATransactionEndsWithTopicsThatAreKnown(t *testing.T) {
	transact(t, func(x *transacting) {
		if err := x.begin(x.t.Context()); err != nil {
			x.t.Fatal(err)
		}
		x.topics["out"] = true
		if err := x.known(x.t.Context()); err == nil {
			x.t.Error("a topic that nothing was written to is known")
		}
		x.Abort(x.t.Context())
		if err := x.batch(0, 3); err != nil {
			x.t.Fatal(err)
		}
		if err := x.known(x.t.Context()); err != nil {
			x.t.Error(err)
		}
		x.expect(1, 3)
	})
}

// A coordinator that never comes to an end is given up when the brokers abort the transaction.
func TestAConcurrentTransactionIsNotWaitedForForEver(t *testing.T) {
	transact(t, func(x *transacting) {
		h := x.cluster.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.TxnOffsetCommit}, Err: kerr.ConcurrentTransactions, Count: -1})
		began := time.Now()
		if err := x.batch(0, 3); !errors.Is(err, kerr.ConcurrentTransactions) {
			x.t.Errorf("after %v: %v", time.Since(began), err)
		}
		h.Remove()
		if err := x.batch(0, 3); err != nil {
			x.t.Fatal(err)
		}
		x.expect(1, 3)
	})
}

// A batch that does not begin where the group stands is somebody else's, or was.
func TestStaleBatchIsRefused(t *testing.T) {
	transact(t, func(x *transacting) {
		if err := x.batch(0, 5); err != nil {
			x.t.Fatal(err)
		}
		clear(x.stands) // as after another generation
		if err := x.batch(2, 7); !errors.Is(err, messages.ErrNotOwner) {
			x.t.Fatal(err)
		}
		x.expect(1, 5)
	})
}

// A process was stunned, and another one has taken its instance name. When it wakes up, it does not take the transactional id back: the
// living one commits on, and no attempt of its fails.
func TestStunnedMemberLeavesTheIDAlone(t *testing.T) {
	inBubble(t, func(g *ground) {
		g.write("events", 0, 0, 10)
		config := g.config("events")
		config.InstanceID = "a"
		open := func() (*member, *transacting) {
			m := g.member(config).start()
			m.awaitUntil(events0, 10)
			x := &transacting{ground: g}
			var err error
			x.Transactions, err = NewTransactions(TransactionsConfig{
				Client: g.clientOpts(), ID: "g-a", Timeout: 5 * time.Second, Source: m.source, Log: testLog(),
			})
			if err == nil {
				err = x.Open(g.t.Context())
			}
			if err != nil {
				g.t.Fatal(err)
			}
			return m, x
		}
		m1, stunned := open()
		defer m1.stop()
		defer stunned.Close(g.t.Context())
		if err := stunned.ProduceAll(g.t.Context(), []messages.Outgoing{messages.NewOutgoing("out", "k", true, "v")}); err != nil {
			g.t.Fatal(err)
		}
		m2, living := open()
		defer m2.stop()
		defer living.Close(g.t.Context())
		stunned.Abort(g.t.Context())
		if err := living.batch(0, 3); err != nil {
			g.t.Errorf("the living one after the abort of the other: %v", err)
		}
		_ = stunned.batch(0, 3) // it may learn from the brokers first that it was fenced
		if err := stunned.batch(0, 3); !errors.Is(err, messages.ErrNotOwner) {
			g.t.Errorf("the stunned one: %v", err)
		}
		if err := stunned.settle(g.t.Context(), []messages.Offset{{TopicPartition: events0, At: 3}}, io.EOF); !errors.Is(err, messages.ErrNotOwner) {
			g.t.Errorf("the stunned one, of a commit without an answer: %v", err)
		}
		if err := living.batch(3, 5); err != nil {
			g.t.Errorf("the living one: %v", err)
		}
		living.expect(2, 5)
	}, kfake.SeedTopics(1, "events", "out"))
}
