package kafka

import (
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/hibana-stream/hibana/messages"
)

// limits are the producer's bounds, which its errors name.
type limits struct {
	batch    int64                    // batch.size, bytes
	topics   func(topic string) int32 // the same for one topic, see Settings.BatchSizes
	buffer   int64                    // buffer.memory, bytes
	delivery time.Duration
	retries  int64
	id       string // transactional.id, empty for none
}

func limitsOf(client *kgo.Client) limits {
	l := limits{batch: 1_000_012, buffer: defaultBufferBytes}
	if fn, ok := client.OptValue(kgo.ProducerBatchMaxBytesFn).(func(string) int32); ok {
		l.batch, l.topics = int64(fn("")), fn
	}
	if n, ok := client.OptValue(kgo.MaxBufferedBytes).(int64); ok && n > 0 {
		l.buffer = n
	}
	l.delivery, _ = client.OptValue(kgo.RecordDeliveryTimeout).(time.Duration)
	l.retries, _ = client.OptValue(kgo.RecordRetries).(int64)
	l.id, _ = client.OptValue(kgo.TransactionalID).(string)
	return l
}

// check refuses what the client would refuse later, or would wait for in vain.
func (l limits) check(r *kgo.Record) error {
	if r.Topic == "" {
		return errors.New("a record without a topic cannot be written")
	}
	n := recordSize(r)
	if most, name := l.of(r.Topic); n > most {
		return tooLarge(r.Topic, n, fmt.Sprintf("%s, which is %d", name, most))
	}
	if n > l.buffer {
		return tooLarge(r.Topic, n, fmt.Sprintf("buffer.memory, which is %d", l.buffer))
	}
	return nil
}

// of is the most that a batch of the topic holds, and what says so.
func (l limits) of(topic string) (bytes int64, name string) {
	if l.topics != nil {
		if n := int64(l.topics(topic)); n != l.batch {
			return n, "the topic's max.message.bytes"
		}
	}
	return l.batch, "batch.size"
}

func tooLarge(topic string, bytes int64, limit string) error {
	return say(kerr.MessageTooLarge, "a record of %d bytes for topic %q is larger than %s", bytes, topic, limit)
}

// explain says in one sentence why a record was not written.
func (l limits) explain(r *kgo.Record, err error) error {
	switch {
	case errors.Is(err, kerr.MessageTooLarge):
		return l.explainSize(r)
	case errors.Is(err, kerr.TransactionalIDAuthorizationFailed):
		return Explain(err, Subject{Doing: "writing as", TransactionalID: l.id})
	case errors.Is(err, kgo.ErrMaxBuffered):
		return messages.ErrTooManyUnacknowledged
	case errors.Is(err, kgo.ErrRecordTimeout):
		return say(err, "a record for topic %q was not acknowledged within delivery.timeout.ms, which is %v", r.Topic, l.delivery)
	case errors.Is(err, kgo.ErrRecordRetries):
		return say(err, "a record for topic %q was given up after %d retries (retries)", r.Topic, l.retries)
	case errors.Is(err, kgo.ErrClientClosed):
		return say(err, "a record for topic %q was not acknowledged before the producer closed", r.Topic)
	}
	return Explain(err, Subject{Doing: "writing to", Topic: r.Topic})
}

// explainSize tells our own limit from the topic's: the broker says neither its limit nor which record it was.
func (l limits) explainSize(r *kgo.Record) error {
	n := recordSize(r)
	const overhead = 100 // of a batch and a record around key, value and headers
	if most, name := l.of(r.Topic); n+overhead > most {
		return tooLarge(r.Topic, n, fmt.Sprintf("%s, which is %d and includes the batch's head", name, most))
	}
	return tooLarge(r.Topic, n, "the topic's max.message.bytes, or shares a batch that is (batch.size)")
}
