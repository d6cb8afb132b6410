package streaming

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hibana-stream/hibana/messages"
)

// Events is the stream of the post: the RichEvents of the given topics, without topics those of the configuration. One Kafka partition is
// one partition of the stream, in Kafka's order. A record that does not decode is rejected (see errors.tolerance). Spark:
// KafkaUtils.createDirectStream with RichEventDeserializer.
func Events(c *Context, topics ...string) Stream[messages.RichEvent] {
	c = present(c, "events")
	n := kafkaSource(c, topics, func(t *Task, n *node, down any) func([]messages.Raw) {
		if c.form == messages.FormString || c.form == messages.FormBytes {
			return decodeTexts(t, n, down.(sink[messages.RichEvent]), c.form)
		}
		return decodeEvents(t, n, down.(sink[messages.RichEvent]))
	})
	return Stream[messages.RichEvent]{c.add("events", typed[messages.RichEvent](n)).reading()}
}

// DirectStream is the stream of the records of the given topics, without topics of those of the configuration, with key and value decoded.
// One Kafka partition is one partition of the stream, in Kafka's order. It costs the two decoders a record and holds nothing. Spark:
// KafkaUtils.createDirectStream.
func DirectStream[K, V any](c *Context, key Decoder[K], value Decoder[V], topics ...string) Stream[messages.Record[K, V]] {
	c = present(c, "directStream")
	n := kafkaSource(c, topics, func(t *Task, n *node, down any) func([]messages.Raw) {
		return decodeAll(t, n, down.(sink[messages.Record[K, V]]), func(r *messages.Raw, out *messages.Record[K, V]) error {
			return decodeRecord(r, out, key, value)
		})
	})
	s := Stream[messages.Record[K, V]]{c.add("directStream", typed[messages.Record[K, V]](n))}
	s.n.reading().needs(key == nil || value == nil, "the decoder")
	return s
}

func kafkaSource(c *Context, topics []string, decode func(t *Task, n *node, down any) func([]messages.Raw)) *node {
	if len(topics) == 0 && c.pattern != nil {
		return &node{source: &sourceSpec{pattern: true, reads: c.pattern.MatchString, decode: decode}}
	}
	if len(topics) == 0 {
		topics = c.topics
	}
	topics = slices.Clone(topics)
	return &node{source: &sourceSpec{
		topics: topics,
		reads:  func(topic string) bool { return slices.Contains(topics, topic) },
		decode: decode,
	}}
}

// reading finds sources that read nothing.
func (n *node) reading() *node {
	if n.source.pattern {
		return n
	}
	n.must(len(n.source.topics) == 0, "there is no topic to read: none is given, and none is configured")
	n.must(slices.Contains(n.source.topics, ""), "the name of a topic is empty")
	for _, topic := range n.source.topics {
		n.names(topic)
	}
	return n
}

// names finds names that no topic can have.
func (n *node) names(topic string) *node {
	const most = 249
	legal := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '.' || r == '_' || r == '-'
	}
	other := strings.IndexFunc(topic, func(r rune) bool { return !legal(r) })
	return n.must(other >= 0 || len(topic) > most || topic == "." || topic == "..",
		fmt.Sprintf("%s is no name of a topic: it has at most %d letters, digits, '.', '_' and '-', and is neither \".\" nor \"..\"", quoted(topic), most))
}

// decodeAll decodes whole slices, each record in its place. A job in which a function may reject a record gets them one by one, so
// that it is known which.
func decodeAll[T any](t *Task, n *node, down sink[T], decode func(*messages.Raw, *T) error) func([]messages.Raw) {
	var out []T
	t.rests(func() { clear(out[:cap(out)]) })
	return func(in []messages.Raw) {
		t.at(n)
		if cap(out) < len(in) {
			out = make([]T, len(in))
		}
		kept := 0
		for i := range in {
			if err := decode(&in[i], &out[:cap(out)][kept]); err != nil {
				t.reject(&in[i], "decode", err)
				continue
			}
			kept++
			if t.rejecting {
				t.record = &in[i]
				down.push(out[:kept])
				t.record, kept = nil, 0
				t.at(n)
			}
		}
		if kept > 0 {
			down.push(out[:kept])
		}
	}
}

func decodeRecord[K, V any](r *messages.Raw, out *messages.Record[K, V], key Decoder[K], value Decoder[V]) error {
	var k K
	var v V
	var err error
	if r.HasKey() {
		if k, err = key(r.Key()); err != nil {
			return badRecord(r, "key", r.Key(), err)
		}
	}
	if r.HasValue() {
		if v, err = value(r.Value()); err != nil {
			return badRecord(r, "value", r.Value(), err)
		}
	}
	*out = messages.Decoded(r, k, v)
	return nil
}
