package kafka

import (
	"context"
	"errors"
	"fmt"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/hibana-stream/hibana/messages"
)

// ErrChangelogAstray says that a changelog and the group's committed offsets do not belong together.
var ErrChangelogAstray = errors.New("the changelog does not belong to the committed offsets")

// offsetKey is the key of the record that says up to where a partition's state has counted its source. Each transaction that commits an
// offset of the partition writes it, also when nothing of the state has changed. Its value is the metadata of that commit, whose Until is
// the offset, with the id of the source's topic: so what was committed can be committed again as it was, and never to another topic.
const offsetKey = "\x00offset"

// offsetRecords are those of the offsets whose topics have state.
func (l *Changelog) offsetRecords(offsets []messages.Offset) []*kgo.Record {
	var records []*kgo.Record
	for _, o := range offsets {
		if l.keeps[o.Topic] {
			records = append(records, &kgo.Record{Topic: l.Topic(o.Topic), Partition: o.Partition, Key: []byte(offsetKey), Value: []byte(o.Metadata)})
		}
	}
	return records
}

// stoodAt notes up to where the state has counted.
func (r *restore) stoodAt(record *kgo.Record) error {
	plan, ok := messages.ParsePlan(string(record.Value))
	if !ok {
		return fmt.Errorf("%s:%d:%d: the state's offset is not to be read: %.100q", record.Topic, record.Partition, record.Offset, record.Value)
	}
	r.offset, r.plan = messages.Offset{TopicPartition: r.partition, At: plan.Until, Metadata: string(record.Value)}, plan
	return nil
}

// belongs makes sure that the partition goes on where its state stands.
func (r *restore) belongs(ctx context.Context) error {
	source := r.changelog.config.Source
	if source == nil {
		return nil
	}
	return source.continues(ctx, r.holding, saved{Offset: r.offset, plan: r.plan, changelog: r.topic, empty: !r.found, grown: r.grown})
}

func (r *restore) grown(ctx context.Context) bool {
	_, end, err := r.log(ctx)
	return err == nil && end > r.end
}
