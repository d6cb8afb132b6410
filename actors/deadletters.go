package actors

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/hibana-stream/hibana/messages"
)

// DeadLetters is the policy for records that did not decode or that a function rejected, in Kafka Connect's words.
type DeadLetters struct {
	// Tolerate is errors.tolerance: all; without it the first reject stops the stream.
	Tolerate bool
	// Topic is where they go; "" = the record's topic with .dlq.
	Topic string
	// Writer acknowledges them before their batch commits.
	Writer interface {
		ProduceAll(context.Context, []messages.Outgoing) error
	}
}

// A BadRecordsError stops the stream at records that did not decode, under errors.tolerance: none.
type BadRecordsError struct {
	// First is the first of them, Count their number in the batch.
	First messages.Reject
	Count int
}

func (e *BadRecordsError) Error() string {
	text := e.First.Reason
	if e.First.Operation != "decode" {
		text = fmt.Sprintf("%v was rejected by %s: %s", e.First.Record.Place(), e.First.Operation, text)
	}
	if e.Count > 1 {
		text += fmt.Sprintf(" (and %d more in this batch)", e.Count-1)
	}
	return text + "; errors.tolerance: all would send it to the dead-letter topic and go on"
}

// deliver writes a batch's rejects to the dead-letter topic, and returns when they are acknowledged: they are the batch's first output.
func (d DeadLetters) deliver(ctx context.Context, parts []messages.Part) error {
	var letters []messages.Outgoing
	var first *messages.Reject
	for _, part := range parts {
		for reject := range part.Rejects() {
			if first == nil {
				first = &reject
			}
			letters = append(letters, d.letter(reject))
		}
	}
	switch {
	case len(letters) == 0:
		return nil
	case !d.Tolerate:
		return &BadRecordsError{First: *first, Count: len(letters)}
	}
	if err := d.Writer.ProduceAll(ctx, letters); err != nil {
		return fmt.Errorf("%d records could not be written to the dead-letter topic: %w", len(letters), err)
	}
	return nil
}

// letter is the record as it was, with place, reason and time in headers of Kafka Connect's names.
func (d DeadLetters) letter(r messages.Reject) messages.Outgoing {
	topic := d.Topic
	if topic == "" {
		topic = r.Record.Topic() + ".dlq"
	}
	return messages.Forward(r.Record, topic,
		messages.Header{Key: "__connect.errors.topic", Value: r.Record.Topic()},
		messages.Header{Key: "__connect.errors.partition", Value: strconv.Itoa(int(r.Record.Partition()))},
		messages.Header{Key: "__connect.errors.offset", Value: strconv.FormatInt(r.Record.Offset(), 10)},
		messages.Header{Key: "__connect.errors.stage", Value: r.Operation},
		messages.Header{Key: "__connect.errors.exception.message", Value: r.Reason},
		messages.Header{Key: "hibana.errors.time", Value: time.Now().UTC().Format(time.RFC3339Nano)},
	)
}
