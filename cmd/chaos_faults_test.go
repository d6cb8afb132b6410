package cmd_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// faultyRole, set in the environment, makes the test binary an embedded cluster of three brokers that makes mistakes. It is a process of
// its own, so that it has its own share of the machine, it keeps everything in memory, and it is never killed: its transactions do
// not survive that.
const faultyRole = "HIBANA_TEST_FAULTY_BROKER"

// startFaulty starts it, and returns its addresses, and what makes it faultless.
func startFaulty(t *testing.T, seed uint64) (addresses string, mend func()) {
	t.Helper()
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), faultyRole+"="+fmt.Sprint(seed))
	in, err := child.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	child.Stderr = os.Stderr
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = in.Close(); _ = child.Wait() })
	var all []string
	if err := json.NewDecoder(out).Decode(&all); err != nil {
		t.Fatalf("the embedded cluster did not start: %v", err)
	}
	return strings.Join(all, ","), func() {
		_, _ = in.Write([]byte{1})
		<-time.After(armed + 100*time.Millisecond)
	}
}

// faultyBroker serves until its standard input ends, with faults until something comes from there.
func faultyBroker(seed string) int {
	cluster, err := kfake.NewCluster(kfake.NumBrokers(3), kfake.GroupMinSessionTimeout(time.Second))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer cluster.Close()
	knowLeaderEpochs(cluster)
	_ = json.NewEncoder(os.Stdout).Encode(cluster.ListenAddrs())
	mended, ended := make(chan struct{}), make(chan struct{})
	go func() {
		_, _ = os.Stdin.Read(make([]byte, 1))
		close(mended)
		_, _ = io.Copy(io.Discard, os.Stdin)
		close(ended)
	}()
	var n uint64
	_, _ = fmt.Sscan(seed, &n)
	random := rand.New(rand.NewPCG(n, 4))
	for {
		select {
		case <-mended:
			<-ended
			return 0
		case <-time.After(50*time.Millisecond + time.Duration(random.Int64N(int64(150*time.Millisecond)))):
			mistake(cluster, random)
		}
	}
}

// armed is how long a mistake waits for its request.
const armed = time.Second

// mistakes are what a broker answers to one request, though the request is right, and most of them pass by themselves.
var mistakes = []kfake.Fault{
	{Keys: []kmsg.Key{kmsg.Produce}, Err: kerr.NotLeaderForPartition},
	{Keys: []kmsg.Key{kmsg.Produce}, Err: kerr.NotEnoughReplicas},
	{Keys: []kmsg.Key{kmsg.Fetch}, Err: kerr.NotLeaderForPartition},
	{Keys: []kmsg.Key{kmsg.OffsetCommit}, Err: kerr.NotCoordinator},
	{Keys: []kmsg.Key{kmsg.OffsetFetch}, Err: kerr.CoordinatorLoadInProgress},
	{Keys: []kmsg.Key{kmsg.TxnOffsetCommit}, Err: kerr.CoordinatorLoadInProgress},
	{Keys: []kmsg.Key{kmsg.AddPartitionsToTxn}, Err: kerr.ConcurrentTransactions},
	{Keys: []kmsg.Key{kmsg.EndTxn}, Err: kerr.CoordinatorNotAvailable, TopLevel: true},
	{Keys: []kmsg.Key{kmsg.EndTxn}, Err: kerr.ConcurrentTransactions, TopLevel: true},
	{Keys: []kmsg.Key{kmsg.InitProducerID}, Err: kerr.ConcurrentTransactions, TopLevel: true},
	{Keys: []kmsg.Key{kmsg.Heartbeat}, Err: kerr.NotCoordinator, TopLevel: true},
	{Keys: []kmsg.Key{kmsg.FindCoordinator}, Err: kerr.CoordinatorNotAvailable},
}

// mistake makes one: a wrong answer, a connection that breaks, moved leaders, moved coordinators.
func mistake(cluster *kfake.Cluster, random *rand.Rand) {
	switch roll := random.IntN(40); {
	case roll < 2:
		cluster.ShufflePartitionLeaders()
	case roll < 3:
		cluster.RehashCoordinators()
	case roll < 8:
		key := []kmsg.Key{kmsg.Produce, kmsg.Fetch, kmsg.EndTxn, kmsg.TxnOffsetCommit, kmsg.OffsetCommit}[random.IntN(5)]
		breakNext(cluster, key)
	default:
		h := cluster.Fault(mistakes[random.IntN(len(mistakes))])
		time.AfterFunc(armed, h.Remove)
	}
}

// breakNext breaks the connection of the next request of a kind, if it comes in time. Where hardly any come, breaks that wait for theirs
// would be as many as the tries of the last client that still has something to say, who would never get through.
func breakNext(cluster *kfake.Cluster, key kmsg.Key) {
	until := time.Now().Add(armed)
	cluster.ControlKey(int16(key), func(kmsg.Request) (kmsg.Response, error, bool) {
		if time.Now().After(until) {
			cluster.DropControl()
			return nil, nil, false
		}
		return nil, errors.New("the connection breaks"), true
	})
}

// knowLeaderEpochs answers the question for the end of a leader epoch with the end of the log: kfake's own answer is "unknown" where
// nothing was written, and clients take that for lost data.
func knowLeaderEpochs(cluster *kfake.Cluster) {
	cluster.ControlKey(int16(kmsg.OffsetForLeaderEpoch), func(r kmsg.Request) (kmsg.Response, error, bool) {
		cluster.KeepControl()
		request := r.(*kmsg.OffsetForLeaderEpochRequest)
		answer := request.ResponseKind().(*kmsg.OffsetForLeaderEpochResponse)
		for _, t := range request.Topics {
			topic := kmsg.NewOffsetForLeaderEpochResponseTopic()
			topic.Topic = t.Topic
			for _, p := range t.Partitions {
				at := kmsg.NewOffsetForLeaderEpochResponseTopicPartition()
				at.Partition = p.Partition
				if info := cluster.PartitionInfo(t.Topic, p.Partition); info != nil {
					at.LeaderEpoch, at.EndOffset = p.LeaderEpoch, info.HighWatermark
				}
				topic.Partitions = append(topic.Partitions, at)
			}
			answer.Topics = append(answer.Topics, topic)
		}
		return answer, nil, true
	})
}
