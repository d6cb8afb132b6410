package cmd

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/hibana-stream/hibana/actors/kafka"
	"github.com/hibana-stream/hibana/messages"
)

// planPartition is where one partition would start. From is -1 when a run would not start there at all.
type planPartition struct {
	Topic     string `json:"topic"`
	Partition int32  `json:"partition"`
	From      int64  `json:"from"`
	Why       string `json:"why"`
	End       int64  `json:"end"`
	// Lag is in offsets, LagSeconds the age of the first record to be read.
	Lag        int64   `json:"lag"`
	LagSeconds float64 `json:"lag_seconds"`
	Gone       int64   `json:"gone"`
}

func (p planPartition) key() messages.TopicPartition {
	return messages.TopicPartition{Topic: p.Topic, Partition: p.Partition}
}

// positions tells for each partition where a run would start, why, and how far behind that is.
func (a *planner) positions(ctx context.Context, reads []kafka.Topic) error {
	names, ids := make([]string, len(reads)), map[string]messages.TopicID{}
	var partitions []messages.TopicPartition
	for i, t := range reads {
		names[i], ids[t.Name] = t.Name, t.ID
		for p := range int32(t.Partitions) {
			partitions = append(partitions, messages.TopicPartition{Topic: t.Name, Partition: p})
		}
	}
	committed, err := a.admin.Committed(ctx, a.Group, partitions...)
	if errors.Is(err, messages.ErrRefused) {
		a.ends(err)
	} else if err != nil {
		return err
	}
	for _, t := range reads {
		if err := a.program.CheckPartitions(t.Name, t.Partitions); err != nil {
			a.ends(err)
		}
	}
	logs, err := a.logs(ctx, names)
	if errors.Is(err, messages.ErrRefused) {
		a.ends(err)
		return nil
	} else if err != nil {
		return err
	}
	for _, p := range slices.SortedFunc(maps.Keys(logs), messages.TopicPartition.Compare) {
		log := logs[p]
		log.TopicID = ids[p.Topic]
		a.Partitions = append(a.Partitions, a.position(p, log, committed))
	}
	return a.ages(ctx, names)
}

func (a *planner) logs(ctx context.Context, topics []string) (map[messages.TopicPartition]kafka.Log, error) {
	bounds, err := a.admin.Offsets(ctx, false, topics...)
	if err != nil {
		return nil, err
	}
	readable := bounds
	if a.config.Settings.ReadCommitted() {
		if readable, err = a.admin.Offsets(ctx, true, topics...); err != nil {
			return nil, err
		}
	}
	logs := make(map[messages.TopicPartition]kafka.Log, len(bounds))
	for p, b := range bounds {
		logs[p] = kafka.Log{Bounds: b, Readable: readable[p].End}
	}
	return logs, nil
}

func (a *planner) position(p messages.TopicPartition, log kafka.Log, committed map[messages.TopicPartition]messages.Offset) planPartition {
	var at *messages.Offset
	explicit, given := a.program.FromOffsets()[p]
	if o, ok := committed[p]; given {
		at = &messages.Offset{At: explicit}
	} else if ok {
		at = &o
	}
	position, err := kafka.StartAt(a.config.Settings.Reset(), gonePolicy(a.config.OffsetGone), p, log, at)
	row := planPartition{Topic: p.Topic, Partition: p.Partition, From: position.From, End: log.Readable, Gone: position.Gone}
	if err != nil {
		row.From, row.Why = -1, "a run would stop: "+err.Error()
		a.ends(err)
		return row
	}
	row.Why, row.Lag = a.why(position), max(log.Readable-position.From, 0)
	if at != nil && !given && !position.Committed {
		row.Why = "the committed offset is that of an earlier topic of this name; offset.gone lets it go on"
	}
	if given && position.Gone == 0 {
		row.Why = "given by the job (fromOffsets), unless the checkpoint has saved the partition"
	}
	return row
}

// why says in words where a start offset comes from.
func (a *planner) why(at messages.Position) string {
	switch {
	case at.Gone > 0:
		return fmt.Sprintf("%d records behind the committed offset are gone (retention); offset.gone lets it go on", at.Gone)
	case at.Planned:
		return fmt.Sprintf("committed; the batch of %s was planned up to %d and not committed: it is run again",
			at.Plan.Time.Format(time.RFC3339Nano), at.Plan.Until)
	case at.Committed:
		return "committed"
	}
	text := "nothing committed: auto.offset.reset is " + a.config.Settings.Masked("auto.offset.reset")
	if slices.Contains(a.program.StatefulTopics(), at.Topic) {
		return text + ", unless there is state in " + kafka.ChangelogTopic(a.Group, at.Topic) +
			", which says where it goes on (a run stops when that is state of another topic of this name)"
	}
	if a.config.Checkpoint != "" && a.program.Stateful() {
		return text + ", unless there is state in " + a.config.Checkpoint + ", which says where it goes on (a run stops when that is state of another topic of this name)"
	}
	return text
}

// How exactly the age of a record is found out: the cluster is asked which offsets are younger than a time, for more and more times.
const (
	youngest  = time.Second
	oldest    = 50 * 365 * 24 * time.Hour
	mostLooks = 16
)

// ages finds out how old the first record is that each partition would read. Kafka tells the first offset behind a time, so the time is
// looked for: first doubling, then halving where it is least exact.
func (a *planner) ages(ctx context.Context, topics []string) error {
	now := time.Now()
	low, high := map[messages.TopicPartition]time.Duration{}, map[messages.TopicPartition]time.Duration{}
	behind := 0
	for _, p := range a.Partitions {
		if p.Lag > 0 {
			high[p.key()], behind = oldest, behind+1
		}
	}
	look := func(age time.Duration) error {
		offsets, err := a.admin.OffsetsAt(ctx, now.Add(-age), topics...)
		for _, p := range a.Partitions {
			if _, ok := high[p.key()]; !ok || err != nil {
				continue
			}
			if at, ok := offsets[p.key()]; ok && at > p.From {
				low[p.key()] = max(low[p.key()], age) // the record is older
			} else {
				high[p.key()] = min(high[p.key()], age)
			}
		}
		return err
	}
	for age := youngest; behind > 0 && age < oldest && slices.Contains(slices.Collect(maps.Values(high)), oldest); age *= 2 {
		if err := look(age); err != nil {
			return err
		}
	}
	for range mostLooks {
		age, ok := widest(low, high)
		if !ok {
			break
		}
		if err := look(age); err != nil {
			return err
		}
	}
	for i, p := range a.Partitions {
		a.Partitions[i].LagSeconds = high[p.key()].Seconds()
	}
	return nil
}

// widest is the middle of the range that says least; ok is false when all are exact to a tenth.
func widest(low, high map[messages.TopicPartition]time.Duration) (middle time.Duration, ok bool) {
	worst := 1.1
	for p, to := range high {
		from := max(low[p], youngest/2)
		if spread := float64(to) / float64(from); spread > worst && to > youngest {
			worst, middle, ok = spread, from+(to-from)/2, true
		}
	}
	return middle, ok
}
