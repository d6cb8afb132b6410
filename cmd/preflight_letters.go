package cmd

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/hibana-stream/hibana/actors/kafka"
	"github.com/hibana-stream/hibana/messages"
)

// headersOfLetters is how much larger a dead letter may be than the record was: place, reason and time are added as headers.
const headersOfLetters = 64 << 10

// deadLetters makes sure that every dead-letter topic is there and takes what the topics that are read may hold. It is done before
// the first record is read: a record that has nowhere to go would stop the stream.
func (f *preflight) deadLetters(ctx context.Context) error {
	if !f.config.Errors.Tolerate() {
		return nil
	}
	for _, wanted := range letterTopics(f.config, f.reads) {
		if err := f.deadLetterTopic(ctx, wanted); err != nil {
			return fmt.Errorf("the dead-letter topic: %w", err)
		}
	}
	return nil
}

// letterTopics are the topics that take dead letters, with the partitions that a new one gets: as many as what is read, so that
// keys stay spread as they were.
func letterTopics(c *Config, reads []kafka.Topic) []letterTopic {
	var all []letterTopic
	for _, t := range reads {
		letters := letterTopic{name: c.Errors.DeadLetterTopic, partitions: t.Partitions, of: []string{t.Name}}
		switch {
		case letters.name == "":
			letters.name = t.Name + ".dlq"
			all = append(all, letters)
		case len(all) == 0:
			all = append(all, letters)
		default:
			all[0].partitions = max(all[0].partitions, t.Partitions)
			all[0].of = append(all[0].of, t.Name)
		}
	}
	return all
}

// letterTopic is a dead-letter topic, and the topics that it is for.
type letterTopic struct {
	name       string
	partitions int
	of         []string
}

func (f *preflight) deadLetterTopic(ctx context.Context, letters letterTopic) error {
	needs, err := f.largest(ctx, letters.of)
	if err != nil {
		return err
	}
	topics, err := f.admin.Topics(ctx, letters.name)
	if err != nil {
		return err
	}
	if !topics[0].Exists {
		if err := f.createLetters(ctx, letters, needs); err != nil {
			return err
		}
		f.log.Info().Msgf("created the dead-letter topic %q with %d partitions", letters.name, letters.partitions)
		if topics, err = f.find(ctx, []string{letters.name}); err != nil { // only now the cluster says who may write to it
			return err
		}
	}
	return f.checkLetters(ctx, topics[0], needs)
}

// createLetters makes the topic as large, and as safe, as what it takes asks for.
func (f *preflight) createLetters(ctx context.Context, letters letterTopic, needs int64) error {
	config := map[string]string{}
	if needs > 0 {
		config["max.message.bytes"] = strconv.FormatInt(needs+headersOfLetters, 10)
	}
	if n := f.config.Settings.MinISR(); n > 1 {
		config["min.insync.replicas"] = strconv.Itoa(n)
	}
	_, err := f.admin.CreateTopic(ctx, kafka.NewTopic{Name: letters.name, Partitions: letters.partitions, Config: config})
	return err
}

// checkLetters checks a topic that somebody else has made. One that is too small for some records may do: those stop the stream.
func (f *preflight) checkLetters(ctx context.Context, t kafka.Topic, needs int64) error {
	if err := f.writable(ctx, t); err != nil {
		return err
	}
	if have := f.limits[t.Name]; have > 0 && have < needs {
		f.log.Warn().Msgf("the dead-letter topic %q takes %d bytes (max.message.bytes), and there may be records of %d: a broken one that is larger stops the stream",
			t.Name, have, needs)
	}
	return nil
}

// largest is the largest max.message.bytes among topics.
func (f *preflight) largest(ctx context.Context, topics []string) (bytes int64, err error) {
	for _, t := range topics {
		n, err := f.messageBytes(ctx, t)
		if err != nil {
			return 0, err
		}
		bytes = max(bytes, n)
	}
	return bytes, nil
}

// messageBytes is a topic's max.message.bytes; 0 when the user may not see it, or the broker knows none.
func (f *preflight) messageBytes(ctx context.Context, topic string) (int64, error) {
	text, err := f.admin.TopicConfig(ctx, topic, "max.message.bytes")
	switch {
	case errors.Is(err, messages.ErrRefused):
		return 0, nil
	case err != nil:
		return 0, err
	}
	n, _ := strconv.ParseInt(text, 10, 64) // what is no number is no limit that we know
	return n, nil
}
