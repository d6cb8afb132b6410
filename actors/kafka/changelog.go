package kafka

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"iter"
	"log/slog"
	"slices"
	"sync"
	"unsafe"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/hibana-stream/hibana/messages"
)

// Changelog keeps the state of a job by partition of its source: it is actors.Changelog. For each topic that is read there is a
// compacted topic with as many partitions, and partition n holds what is kept of partition n. Transactions write it, as one with the
// offsets, and Restore reads it. Its methods may be called from any goroutine.
//
// A record's key is the operation's name (its length before it), a hash of what the operation is and how it encodes, and the entry's own
// key; the value is the entry, none at all takes it away. The hash keeps entries apart that the job of today cannot read. Two more
// records, without an operation, say what the operations were, for the sentence that refuses them, and to which offset of the source, and of
// which topic of that name, the state belongs.
type Changelog struct {
	config ChangelogConfig
	log    *slog.Logger
	ids    map[string]string // an operation's name → what its keys begin with
	known  map[string]messages.Shape
	keeps  map[string]bool // the topics that have state

	mu sync.Mutex
	// owed are the records that a partition's next transaction has to write besides the changes: the shapes, and what takes away entries
	// that the job does not have any more.
	owed map[messages.TopicPartition][]*kgo.Record
}

// ChangelogConfig is what a Changelog needs to know.
type ChangelogConfig struct {
	// Client are a consuming client's options: brokers, security, client id.
	Client []kgo.Opt
	// Group is Kafka's group.id, which the topics' names begin with.
	Group string
	// Topics are those that are read and have state by partition.
	Topics []string
	// Shapes are the job's operations that keep something.
	Shapes []messages.Shape
	// Check is given what the operations were when the state was saved, if that differs from Shapes in a way that loses state. An error
	// refuses the job; nil lets the state go that no operation can read.
	Check func(saved []messages.Shape) error
	// Ensure gives a topic's changelog the partitions that it lacks: the topic has grown. nil: it is waited for.
	Ensure func(ctx context.Context, source string) error
	// Source is the member that reads the topics: what is restored has to stand where it goes on. nil: that is not looked at.
	Source *Source
	// Log gets what a person may want to know; nil drops it.
	Log *slog.Logger
}

// NewChangelog makes one; it does not touch the network.
func NewChangelog(c ChangelogConfig) *Changelog {
	l := &Changelog{
		config: c, log: c.Log, ids: map[string]string{}, known: map[string]messages.Shape{}, keeps: map[string]bool{},
		owed: map[messages.TopicPartition][]*kgo.Record{},
	}
	if l.log == nil {
		l.log = slog.New(slog.DiscardHandler)
	}
	for _, s := range c.Shapes {
		id := shapeID(s)
		l.ids[s.Operator], l.known[id] = id, s
	}
	for _, topic := range c.Topics {
		l.keeps[topic] = true
	}
	return l
}

// topics are the changelogs' names.
func (l *Changelog) topics() []string {
	var names []string
	for _, source := range l.config.Topics {
		names = append(names, l.Topic(source))
	}
	return names
}

// Topic is the topic that keeps the state of the partitions of a topic that is read, in the form of Kafka Streams' names.
func (l *Changelog) Topic(source string) string { return ChangelogTopic(l.config.Group, source) }

// ChangelogTopic is the name of the topic that keeps a group's state of the partitions of a topic.
func ChangelogTopic(group, source string) string { return group + "-" + source + "-changelog" }

// shapeID is what the keys of an operation's entries begin with.
func shapeID(s messages.Shape) string {
	h := fnv.New32a()
	_, _ = h.Write([]byte(s.Kind + "\x00" + s.Codec))
	b := binary.AppendUvarint(nil, uint64(len(s.Operator)))
	b = append(b, s.Operator...)
	return string(binary.BigEndian.AppendUint32(b, h.Sum32()))
}

// shapesKey is the key of the record that says what the operations were: an operation without a name.
const shapesKey = "\x00shapes"

var errChangelogRecord = errors.New("no record of a changelog")

// splitKey takes a record's key apart; id is what shapeID made, "" for the records without an operation, whose whole key is the rest.
func splitKey(key string) (id, rest string, err error) {
	if key == shapesKey || key == offsetKey {
		return "", key, nil
	}
	n, width := binary.Uvarint([]byte(key[:min(len(key), binary.MaxVarintLen64)]))
	end := width + int(min(n, 1<<20)) + 4
	if width <= 0 || n == 0 || len(key) < end {
		return "", "", errChangelogRecord
	}
	return key[:end], key[end:], nil
}

// shapesRecord says what the operations are, in a partition.
func (l *Changelog) shapesRecord(p messages.TopicPartition) *kgo.Record {
	text, err := json.Marshal(l.config.Shapes)
	if err != nil {
		panic(err) // three strings
	}
	return &kgo.Record{Topic: l.Topic(p.Topic), Partition: p.Partition, Key: []byte(shapesKey), Value: text}
}

// owe notes what the partition's next transaction has to write: the shapes unless they stand there, and the end of what is stale.
func (l *Changelog) owe(p messages.TopicPartition, saved string, stale map[string]bool) {
	var records []*kgo.Record
	if shapes := l.shapesRecord(p); string(shapes.Value) != saved {
		records = append(records, shapes)
	}
	for key := range stale {
		records = append(records, &kgo.Record{Topic: l.Topic(p.Topic), Partition: p.Partition, Key: []byte(key)})
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.owed[p] = records
}

// records are changes as the records of a transaction, and the partitions that they belong to; those of one come one after the other.
// Values alias the changes; a batch's keys share one allocation.
func (l *Changelog) records(changes iter.Seq[messages.Changes]) ([]*kgo.Record, map[messages.TopicPartition]bool, error) {
	size, count := 0, 0
	for block := range changes {
		for c := range block.All() {
			size, count = size+len(l.ids[c.Operator])+len(c.Key), count+1
		}
	}
	if count == 0 {
		return nil, nil, nil
	}
	keys, slab := make([]byte, 0, size), make([]kgo.Record, count)
	records := make([]*kgo.Record, 0, count+1)
	partitions, last, topic := map[messages.TopicPartition]bool{}, messages.TopicPartition{}, ""
	for block := range changes {
		if p := block.Partition(); p != last {
			last, topic, partitions[p] = p, l.Topic(p.Topic), true
			records = append(records, l.owes(last)...)
		}
		id, ok := l.ids[block.Operator()]
		if !ok {
			return nil, nil, fmt.Errorf("the changelog knows no operation %q", block.Operator())
		}
		for c := range block.All() {
			start := len(keys)
			keys = append(append(keys, id...), c.Key...)
			count--
			r := &slab[count]
			r.Topic, r.Partition, r.Key = topic, last.Partition, keys[start:len(keys):len(keys)]
			if !c.Deleted {
				r.Value = bytesOf(c.Value)
			}
			records = append(records, r)
		}
	}
	return records, partitions, nil
}

func (l *Changelog) owes(p messages.TopicPartition) []*kgo.Record {
	l.mu.Lock()
	defer l.mu.Unlock()
	var fresh []*kgo.Record // a record is the client's once it is handed over
	for _, r := range l.owed[p] {
		fresh = append(fresh, &kgo.Record{Topic: r.Topic, Partition: r.Partition, Key: r.Key, Value: r.Value})
	}
	return fresh
}

// paid tells that a transaction has been committed that wrote what was owed to these partitions.
func (l *Changelog) paid(partitions map[messages.TopicPartition]bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for p := range partitions {
		delete(l.owed, p)
	}
}

// bytesOf is a string's bytes without a copy, to be read only. An empty one is not nil, which would be a tombstone.
func bytesOf(s string) []byte {
	if s == "" {
		return []byte{}
	}
	return unsafe.Slice(unsafe.StringData(s), len(s))
}

// toItsPartition lets records of these topics go to the partition that they name, and all others where they would go.
func toItsPartition(topics []string) kgo.Opt { return kgo.RecordPartitioner(partitioner(topics)) }

// partitioner names the topics whose records name their partitions.
type partitioner []string

// ForTopic implements kgo.Partitioner.
func (p partitioner) ForTopic(topic string) kgo.TopicPartitioner {
	if slices.Contains(p, topic) {
		return kgo.ManualPartitioner().ForTopic(topic)
	}
	return kgo.UniformBytesPartitioner(64<<10, true, true, nil).ForTopic(topic) // kgo's own default
}

// nameIn is the operation's name in a key.
func nameIn(key string) string {
	id, _, err := splitKey(key)
	if err != nil {
		return ""
	}
	_, width := binary.Uvarint([]byte(id))
	return id[width : len(id)-4]
}
