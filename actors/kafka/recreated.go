package kafka

import (
	"context"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/hibana-stream/hibana/messages"
)

// topicIDs asks a broker, and not what the client remembers, for the ids of topics; the zero value is that of one whose broker gives none.
func topicIDs(ctx context.Context, client *kgo.Client, topics []string) (map[string]messages.TopicID, error) {
	request := kmsg.NewPtrMetadataRequest()
	for _, name := range topics {
		topic := kmsg.NewMetadataRequestTopic()
		topic.Topic = &name
		request.Topics = append(request.Topics, topic)
	}
	response, err := request.RequestWith(ctx, client)
	if err != nil {
		return nil, err
	}
	ids := make(map[string]messages.TopicID, len(topics))
	for _, t := range response.Topics {
		if t.Topic == nil {
			continue
		}
		if err := kerr.ErrorForCode(t.ErrorCode); err != nil {
			return nil, fmt.Errorf("topic %s: %w", *t.Topic, err)
		}
		ids[*t.Topic] = t.TopicID
	}
	for _, name := range topics {
		if _, ok := ids[name]; !ok {
			return nil, fmt.Errorf("the answer says nothing of topic %s: %w", name, kerr.UnknownTopicOrPartition)
		}
	}
	return ids, nil
}

// former tells whether the committed offset is one of an earlier topic of this name. The coordinator takes offsets away with their topic, but
// not when it was not there at that moment; and those of a transaction name their topic without its id, so that a batch that ends while the
// topic is created again commits to the new one.
func (f found) former() bool {
	plan, ok := messages.ParsePlan(f.metadata)
	return f.committed != noOffset && ok && plan.TopicID.Differs(f.topic)
}

// topicOf is the topic that the partition was assigned in.
func (s *Source) topicOf(p messages.TopicPartition) messages.TopicID {
	s.mu.Lock()
	defer s.mu.Unlock()
	if h := s.owned[p]; h != nil {
		return h.topic
	}
	return messages.TopicID{}
}

// recreated is where a partition goes on whose committed offset is an earlier topic's.
func (c policies) recreated(at *messages.Position, f found) error {
	from, goesOn := c.goesOn(f)
	if !goesOn {
		return fmt.Errorf("%w: the committed offset %d of %s is that of the topic with the id %s, whose last batch was that of %s, and it has the id %s now; "+
			"to read the new topic where auto.offset.reset says, delete the group's offsets of it (kafka-consumer-groups --delete-offsets --topic %s), "+
			"or let it go on with offset.gone: earliest or latest",
			messages.ErrRecreated, f.committed, at.TopicPartition, at.Plan.TopicID, stamp(at.Plan.Time), f.topic, at.Topic)
	}
	at.From = from
	return nil
}

// recreatedInMidRun is a topic that is read and is not the one any more with which the run began.
func recreatedInMidRun(topic string, was, is messages.TopicID) error {
	now := "another one"
	if is.Known() {
		now = is.String()
	}
	return fmt.Errorf("%w: %s had the id %s when the run began, and has %s now; a new run reads the new topic where auto.offset.reset says, "+
		"unless there is state, which is then refused by name", messages.ErrRecreated, topic, was, now)
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

// recreated is about state that belongs to an earlier topic of this name. Where somebody has committed an offset in the new one since then, he
// has said where that state goes on: a member would not have come that far. Else it is refused. Before that the topic's id is asked for
// again, a few times: a broker that was stunned may have answered with that of then.
func (s *Source) recreated(ctx context.Context, h *holding, state saved) error {
	s.mu.Lock()
	topic, given := h.topic, h.seen != noOffset && !h.former
	s.mu.Unlock()
	if given {
		s.log.Warn("the state of an earlier topic of this name goes on in the new one, from the offset that was committed there",
			"partition", state.TopicPartition.String(), "was", state.plan.TopicID.String(), "is", topic.String(), "changelog", state.changelog)
		return nil
	}
	client, _ := s.clients()
	for n := range cutLooks - 1 {
		if !sleep(ctx, backoff(n)) {
			return ctx.Err()
		}
		ids, err := topicIDs(ctx, client, []string{state.Topic})
		if err == nil && ids[state.Topic] == state.plan.TopicID {
			return recreatedInMidRun(state.Topic, topic, ids[state.Topic])
		}
	}
	return fmt.Errorf("%w: %s of the topic with the id %s, whose last batch was that of %s, and it has the id %s now; to begin anew in the new topic, delete "+
		"topic %s and the group's offsets of %s; to go on in it with that state, say where: kafka-consumer-groups --reset-offsets --to-earliest --group %s --topic %[7]s --execute",
		messages.ErrRecreated, state.text(), state.plan.TopicID, stamp(state.plan.Time), topic, state.changelog, state.Topic, s.config.Group)
}
