package streaming

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/hibana-stream/hibana/messages"
)

// An Encoder writes a key or a value for the wire. It is called by one goroutine at a time.
type Encoder[T any] func(T) (string, error)

// EncodeString writes text as it is.
func EncodeString(s string) (string, error) { return s, nil }

// EncodeText writes what fmt.Sprint does.
func EncodeText[T any](v T) (string, error) { return fmt.Sprint(v), nil }

// EncodeJSON writes JSON, as JSON reads it; of a RichEvent it is {"content":"…"}.
func EncodeJSON[T any](v T) (string, error) {
	b, err := json.Marshal(v)
	return string(b), err
}

// errNoKafka is what ToKafka fails with where nothing writes to Kafka.
var errNoKafka = errors.New("there is no Kafka to write to")

// ToKafka writes each pair as a record of topic, in order, and waits until all of a batch are acknowledged. The pairs of a batch are held
// until then. With at-least-once a batch that is run again writes again. An error of an encoder fails the batch. Spark has foreachRDD for
// it.
func (p PairStream[K, V]) ToKafka(topic string, key Encoder[K], value Encoder[V]) {
	n := registered(p.Stream, "toKafka", false, collecting[Pair[K, V]](), func(b *run, parts [][]Pair[K, V], _ []messages.OffsetRange) error {
		var out []messages.Outgoing
		for _, part := range parts {
			for i := range part {
				record, err := outgoing(topic, part[i], key, value)
				if err != nil {
					return err
				}
				out = append(out, record)
			}
		}
		return b.produce(out)
	})
	n.needs(key == nil || value == nil, "the encoder").must(topic == "", "the topic is empty").names(topic)
	n.output.topic = topic
}

func outgoing[K, V any](topic string, p Pair[K, V], key Encoder[K], value Encoder[V]) (messages.Outgoing, error) {
	k, err := key(p.Key)
	if err != nil {
		return messages.Outgoing{}, fmt.Errorf("the key %v: %w", p.Key, err)
	}
	v, err := value(p.Value)
	if err != nil {
		return messages.Outgoing{}, fmt.Errorf("the value of %v: %w", p.Key, err)
	}
	return messages.NewOutgoing(topic, k, true, v), nil
}

// produce writes records; none at all need no Kafka.
func (b *run) produce(records []messages.Outgoing) error {
	if len(records) == 0 {
		return nil
	}
	if b.env.Produce == nil {
		return errNoKafka
	}
	return b.env.Produce(b.ctx, records)
}
