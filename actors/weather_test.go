//go:build synctests

package actors_test

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// weather is a cluster that answers badly now and then, in ways that a client has to expect: late, not at all, with an error, with less
// than was asked for, or with the work done and the answer lost.
type weather struct {
	network kfake.VirtualNetwork
	cluster *kfake.Cluster
	bad     atomic.Bool
	lies    atomic.Bool // the next transaction's writes are to be lost, as nobody may
	liar    string      // the transaction that loses them
	hits    atomic.Int32
	copies  [16]byte // the id of the topic that is written to

	mu     sync.Mutex
	dice   *rand.Rand
	chance float64
}

func newWeather(seed uint64, chance float64, topics ...string) *weather {
	w := &weather{dice: rand.New(rand.NewPCG(seed, 0)), chance: chance}
	w.cluster = kfake.MustCluster(kfake.NumBrokers(3), kfake.ListenFn(w.network.Listen), kfake.GroupMinSessionTimeout(time.Second),
		kfake.Ports(9401, 9402, 9403), kfake.SeedTopics(4, topics...))
	w.copies = w.cluster.TopicInfo(topics[len(topics)-1]).TopicID
	w.cluster.Control(w.answer)
	return w
}

// clear are the options of a client that has nothing to fear, rough those of one that has.
func (w *weather) clear(more ...kgo.Opt) []kgo.Opt {
	return append([]kgo.Opt{kgo.SeedBrokers(w.cluster.ListenAddrs()...), kgo.Dialer(w.dial),
		kgo.MetadataMinAge(100 * time.Millisecond), kgo.MetadataMaxAge(2 * time.Second), kgo.DisableClientMetrics(),
		kgo.FetchMaxWait(500 * time.Millisecond), kgo.AlwaysRetryEOF()}, more...) // as the program's options
}

func (w *weather) rough() []kgo.Opt {
	return w.clear(kgo.Dialer(func(ctx context.Context, network, host string) (net.Conn, error) {
		conn, err := w.dial(ctx, network, host)
		return &deafening{Conn: conn, weather: w}, err
	}))
}

// dial makes a connection on which a request takes a while: a client that asks again and again, until it knows better in a while, would
// stop the clock of a network without that.
func (w *weather) dial(ctx context.Context, network, host string) (net.Conn, error) {
	conn, err := w.network.DialContext(ctx, network, host)
	return distant{conn}, err
}

type distant struct{ net.Conn }

func (c distant) Write(b []byte) (int, error) {
	<-time.After(time.Millisecond)
	return c.Conn.Write(b)
}

// strikes tells whether something is to happen, and which of n things.
func (w *weather) strikes(n int) (int, bool) {
	if !w.bad.Load() {
		return 0, false
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.dice.Float64() >= w.chance {
		return 0, false
	}
	w.hits.Add(1)
	return w.dice.IntN(n), true
}

// deafening is a connection that may end with a request sent and its answer unheard.
type deafening struct {
	net.Conn
	weather *weather
	deaf    atomic.Bool
}

func (c *deafening) Write(b []byte) (int, error) {
	if n, ok := c.weather.strikes(4); ok && n == 0 {
		c.deaf.Store(true)
	}
	return c.Conn.Write(b)
}

func (c *deafening) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if c.deaf.Load() {
		return 0, io.EOF
	}
	return n, err
}

func (w *weather) answer(request kmsg.Request) (kmsg.Response, error, bool) {
	w.cluster.KeepControl()
	if epochs, ok := request.(*kmsg.OffsetForLeaderEpochRequest); ok {
		return w.epochs(epochs), nil, true
	}
	if answer := w.lie(request); answer != nil {
		return answer, nil, true
	}
	n, ok := w.strikes(8)
	switch {
	case !ok:
	case n == 0:
		return nil, errors.New("the connection is cut"), true
	case n == 1:
		w.cluster.SleepControl(func() { <-time.After(3 * time.Second) })
	case n < 5:
		if response := lacking(request); response != nil {
			return response, nil, true
		}
		fallthrough
	default:
		w.err(request, n)
	}
	return nil, nil, false
}

// err makes the cluster answer this request with an error, each partition or the whole.
func (w *weather) err(request kmsg.Request, n int) {
	codes := errorsOf[kmsg.Key(request.Key())]
	if len(codes) == 0 {
		return
	}
	w.cluster.Fault(kfake.Fault{
		Keys: []kmsg.Key{kmsg.Key(request.Key())}, Err: codes[n%len(codes)], TopLevel: n%2 == 0,
		When: func(other kmsg.Request) bool { return other == request }, // what does not apply to it must not wait for others
	})
}

// errorsOf are errors that pass.
var errorsOf = map[kmsg.Key][]*kerr.Error{
	kmsg.Produce:         {kerr.NotLeaderForPartition, kerr.RequestTimedOut, kerr.NotEnoughReplicas},
	kmsg.Fetch:           {kerr.NotLeaderForPartition, kerr.OffsetNotAvailable, kerr.CorruptMessage},
	kmsg.ListOffsets:     {kerr.OffsetNotAvailable, kerr.NotLeaderForPartition, kerr.LeaderNotAvailable},
	kmsg.Metadata:        {kerr.LeaderNotAvailable, kerr.UnknownTopicOrPartition},
	kmsg.OffsetCommit:    {kerr.CoordinatorLoadInProgress, kerr.NotCoordinator, kerr.RebalanceInProgress},
	kmsg.OffsetFetch:     {kerr.CoordinatorLoadInProgress, kerr.UnstableOffsetCommit, kerr.NotCoordinator},
	kmsg.FindCoordinator: {kerr.CoordinatorNotAvailable},
	kmsg.JoinGroup:       {kerr.CoordinatorLoadInProgress, kerr.NotCoordinator},
	kmsg.SyncGroup:       {kerr.RebalanceInProgress, kerr.NotCoordinator},
	kmsg.Heartbeat:       {kerr.RebalanceInProgress, kerr.IllegalGeneration, kerr.UnknownMemberID, kerr.NotCoordinator},
	kmsg.InitProducerID:  {kerr.ConcurrentTransactions, kerr.CoordinatorLoadInProgress, kerr.NotCoordinator},
	kmsg.TxnOffsetCommit: {kerr.CoordinatorLoadInProgress, kerr.NotCoordinator, kerr.IllegalGeneration},
	kmsg.EndTxn:          {kerr.ConcurrentTransactions, kerr.CoordinatorLoadInProgress, kerr.NotCoordinator},
}

// lacking is an answer without an error that leaves out what was asked for; nil where the protocol has none.
func lacking(request kmsg.Request) kmsg.Response {
	switch asked := request.(type) {
	case *kmsg.FetchRequest:
		answer := asked.ResponseKind().(*kmsg.FetchResponse)
		answer.SessionID, answer.ThrottleMillis = asked.SessionID, 100
		return answer
	case *kmsg.ListOffsetsRequest:
		answer := asked.ResponseKind().(*kmsg.ListOffsetsResponse)
		answer.ThrottleMillis = 100
		return answer
	case *kmsg.OffsetFetchRequest:
		answer := asked.ResponseKind().(*kmsg.OffsetFetchResponse)
		for _, g := range asked.Groups {
			group := kmsg.NewOffsetFetchResponseGroup()
			group.Group = g.Group
			answer.Groups = append(answer.Groups, group)
		}
		return answer
	case *kmsg.TxnOffsetCommitRequest, *kmsg.OffsetCommitRequest:
		return request.ResponseKind()
	}
	return nil
}

// lie loses what one transaction writes, until it is committed: were it less, the producer would notice and write all of it again.
func (w *weather) lie(request kmsg.Request) kmsg.Response {
	switch asked := request.(type) {
	case *kmsg.ProduceRequest:
		if asked.TransactionID == nil || asked.Topics[0].TopicID != w.copies {
			return nil
		}
		if w.lies.CompareAndSwap(true, false) {
			w.liar = *asked.TransactionID
		}
		if w.liar == *asked.TransactionID {
			return swallowed(asked)
		}
	case *kmsg.EndTxnRequest:
		if w.liar == asked.TransactionalID {
			w.liar = ""
		}
	}
	return nil
}

// swallowed is the lie that no broker may tell.
func swallowed(request *kmsg.ProduceRequest) kmsg.Response {
	answer := request.ResponseKind().(*kmsg.ProduceResponse)
	for _, t := range request.Topics {
		topic := kmsg.NewProduceResponseTopic()
		topic.Topic, topic.TopicID = t.Topic, t.TopicID
		for _, p := range t.Partitions {
			partition := kmsg.NewProduceResponseTopicPartition()
			partition.Partition = p.Partition
			topic.Partitions = append(topic.Partitions, partition)
		}
		answer.Topics = append(answer.Topics, topic)
	}
	return answer
}

// epochs answers as no log has ever diverged: kfake's own answer for an epoch without records is taken for a loss.
func (w *weather) epochs(asked *kmsg.OffsetForLeaderEpochRequest) kmsg.Response {
	answer := asked.ResponseKind().(*kmsg.OffsetForLeaderEpochResponse)
	for _, t := range asked.Topics {
		topic := kmsg.NewOffsetForLeaderEpochResponseTopic()
		topic.Topic = t.Topic
		for _, p := range t.Partitions {
			at := kmsg.NewOffsetForLeaderEpochResponseTopicPartition()
			at.Partition, at.LeaderEpoch = p.Partition, p.LeaderEpoch
			at.EndOffset = w.cluster.PartitionInfo(t.Topic, p.Partition).HighWatermark
			topic.Partitions = append(topic.Partitions, at)
		}
		answer.Topics = append(answer.Topics, topic)
	}
	return answer
}

// roll is a number below n.
func (w *weather) roll(n int) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.dice.IntN(n)
}

// shift moves leaders and coordinators.
func (w *weather) shift() {
	if w.roll(2) == 0 {
		w.cluster.ShufflePartitionLeaders()
		return
	}
	w.cluster.RehashCoordinators()
}

// committed reads a topic to its end as a reader of committed records does.
func (w *weather) committed(ctx context.Context, topic string) (records []*kgo.Record, err error) {
	client, err := kgo.NewClient(w.clear(kgo.ConsumeTopics(topic), kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))...)
	if err != nil {
		return nil, err
	}
	defer client.Close()
	for {
		poll, cancel := context.WithTimeout(ctx, 20*time.Second)
		fetches := client.PollFetches(poll)
		over := poll.Err() != nil
		cancel()
		if over && fetches.NumRecords() == 0 { // a poll may also return with an error that passes
			return records, nil
		}
		records = slices.Concat(records, fetches.Records())
	}
}
