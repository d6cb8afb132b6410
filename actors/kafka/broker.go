package kafka

import (
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
)

// Defaults of BrokerConfig.
const (
	// DefaultListen is where the embedded broker listens; it is never Kafka's own 9092.
	DefaultListen = "127.0.0.1:9392"
	// DefaultPartitions is the number of partitions of a topic that names none.
	DefaultPartitions = 4
	// DefaultRetention bounds what one partition keeps in memory, in bytes.
	DefaultRetention = 32 << 20
	// DefaultDiskRetention bounds what one partition keeps in a data directory, in bytes.
	DefaultDiskRetention = 1 << 30

	retentionPeriod = time.Second
	compactPeriod   = time.Minute
)

// BrokerConfig says how the embedded broker is to run. The zero value is usable: it listens at DefaultListen and keeps
// everything in memory.
type BrokerConfig struct {
	// Listen is host:port on the loopback interface, DefaultListen when empty; port 0 takes any free one.
	Listen string
	// Partitions of a topic that is created without a number, DefaultPartitions when 0.
	Partitions int
	// DataDir is a folder that survives a restart; empty keeps everything in memory. It is created when missing.
	// A restart after kill -9 is safe for plain records, but not for transactions.
	DataDir string
	// Topics are created at the start when they do not exist.
	Topics []string
	// RetentionBytes bounds one partition's log in bytes: 0 is DefaultRetention in memory and DefaultDiskRetention in a
	// DataDir, negative is no bound. The oldest batches go first, about once a second.
	RetentionBytes int64
	// Virtual replaces the sockets by a network in memory, for tests inside a testing/synctest bubble; nothing listens.
	Virtual bool
	// Log takes the broker's warnings and errors; nil drops them.
	Log *slog.Logger
}

// Broker is the embedded Kafka broker: one node, on the loopback interface only, because it limits neither the size of
// requests nor who may send them. Its methods may be called from any goroutine.
type Broker struct {
	cluster  *kfake.Cluster
	network  *loopback
	addr     string
	stop     chan struct{}
	janitor  sync.WaitGroup
	stopOnce sync.Once
}

// NewBroker starts a broker, which serves until Close. It fails when the address is not on the loopback interface, when
// the port is taken (the error says what to do), and when the data directory cannot be read.
func NewBroker(config BrokerConfig) (*Broker, error) {
	config = config.withDefaults()
	network, err := newLoopback(config.Listen, config.Virtual)
	if err != nil {
		return nil, err
	}
	cluster, err := kfake.NewCluster(config.options(network)...)
	if err != nil {
		return nil, fmt.Errorf("the embedded broker cannot start: %w", network.explain(err))
	}
	answerLeaderEpochs(cluster)
	b := &Broker{cluster: cluster, network: network, addr: cluster.ListenAddrs()[0], stop: make(chan struct{})}
	if err := b.createTopics(config.Topics); err != nil {
		b.Close()
		return nil, err
	}
	if config.RetentionBytes > 0 {
		b.janitor.Go(b.applyRetention)
	}
	return b, nil
}

func (c BrokerConfig) withDefaults() BrokerConfig {
	if c.Listen == "" {
		c.Listen = DefaultListen
	}
	if c.Partitions == 0 {
		c.Partitions = DefaultPartitions
	}
	if c.RetentionBytes == 0 {
		c.RetentionBytes = DefaultRetention
		if c.DataDir != "" {
			c.RetentionBytes = DefaultDiskRetention
		}
	}
	return c
}

func (c BrokerConfig) options(network *loopback) []kfake.Opt {
	options := []kfake.Opt{
		kfake.NumBrokers(1),
		kfake.ClusterID("hibana-embedded"),
		kfake.ListenFn(network.listen),
		kfake.AllowAutoTopicCreation(),
		kfake.DefaultNumPartitions(c.Partitions),
		kfake.BrokerConfigs(c.brokerConfigs()),
	}
	if c.DataDir != "" {
		options = append(options, kfake.DataDir(c.DataDir))
	}
	if c.Log != nil {
		options = append(options, kfake.WithLogger(brokerLog{c.Log}))
	}
	return options
}

// brokerConfigs bounds every topic, also those that a client creates. Segments are small because one is freed only as a
// whole, and because one in memory is a single slice that grows by doubling.
func (c BrokerConfig) brokerConfigs() map[string]string {
	configs := map[string]string{"log.cleaner.backoff.ms": strconv.FormatInt(compactPeriod.Milliseconds(), 10)}
	if c.RetentionBytes > 0 {
		configs["log.retention.bytes"] = strconv.FormatInt(c.RetentionBytes, 10)
		configs["log.segment.bytes"] = strconv.FormatInt(max(c.RetentionBytes/8, 64<<10), 10)
	}
	return configs
}

func (b *Broker) createTopics(topics []string) error {
	for _, topic := range topics {
		err := b.cluster.CreateTopic(topic, 0, nil)
		if err != nil && !errors.Is(err, kerr.TopicAlreadyExists) {
			return fmt.Errorf("the embedded broker cannot create topic %q: %w", topic, err)
		}
	}
	return nil
}

// applyRetention does what a real broker does by itself: kfake does it only while a topic has a retention of its own.
func (b *Broker) applyRetention() {
	ticker := time.NewTicker(retentionPeriod)
	defer ticker.Stop()
	for {
		select {
		case <-b.stop:
			return
		case <-ticker.C:
			b.cluster.ApplyRetention()
		}
	}
}

// Addr is host:port as clients reach it, with the port that was taken.
func (b *Broker) Addr() string { return b.addr }

// ClientOptions are what a kgo client needs to reach this broker, on the virtual network as well. They go behind all
// others. Topics that do not exist are created when a client asks for them.
func (b *Broker) ClientOptions() []kgo.Opt {
	options := []kgo.Opt{kgo.SeedBrokers(b.addr), kgo.AllowAutoTopicCreation()}
	if b.network.virtual != nil {
		options = append(options, kgo.Dialer(b.network.virtual.DialContext))
	}
	return options
}

// Close stops the broker, writes what a data directory is to keep, and returns when every connection is closed.
// A second Close does nothing but wait.
func (b *Broker) Close() {
	b.stopOnce.Do(func() { close(b.stop) })
	b.janitor.Wait()
	b.cluster.Close()
	b.network.wait()
}
