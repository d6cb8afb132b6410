package kafka

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"

	"github.com/hibana-stream/hibana/messages"
)

// Bounds are a partition's first offset, and the one behind its last.
type Bounds struct{ Start, End int64 }

// Offsets are the bounds of every partition of the topics. With committed, a partition ends where the first open transaction
// begins, as isolation.level read_committed sees it.
func (a *Admin) Offsets(ctx context.Context, committed bool, topics ...string) (map[messages.TopicPartition]Bounds, error) {
	ends := a.admin.ListEndOffsets
	if committed {
		ends = a.admin.ListCommittedOffsets
	}
	starting, err := a.listed(ctx, a.admin.ListStartOffsets, topics)
	if err != nil {
		return nil, err
	}
	ending, err := a.listed(ctx, ends, topics)
	if err != nil {
		return nil, err
	}
	bounds := make(map[messages.TopicPartition]Bounds, len(ending))
	for p, end := range ending {
		if start, ok := starting[p]; ok {
			bounds[p] = Bounds{Start: start, End: end}
		}
	}
	return bounds, nil
}

// OffsetsAt are the first offsets at or behind a time, by the records' timestamps; the partition's end where there are none.
func (a *Admin) OffsetsAt(ctx context.Context, at time.Time, topics ...string) (map[messages.TopicPartition]int64, error) {
	return a.listed(ctx, func(ctx context.Context, topics ...string) (kadm.ListedOffsets, error) {
		return a.admin.ListOffsetsAfterMilli(ctx, at.UnixMilli(), topics...)
	}, topics)
}

type lister = func(ctx context.Context, topics ...string) (kadm.ListedOffsets, error)

// listed asks topic by topic, so that an error has a name.
func (a *Admin) listed(ctx context.Context, list lister, topics []string) (map[messages.TopicPartition]int64, error) {
	ctx, cancel := a.bound(ctx)
	defer cancel()
	offsets := make(map[messages.TopicPartition]int64)
	for _, topic := range topics {
		answer, err := list(ctx, topic)
		if err == nil {
			err = answer.Error()
		}
		if err != nil {
			return nil, Explain(err, Subject{Doing: "asking for the offsets of", Topic: topic})
		}
		answer.Each(func(o kadm.ListedOffset) {
			offsets[messages.TopicPartition{Topic: o.Topic, Partition: o.Partition}] = o.Offset
		})
	}
	return offsets, nil
}

// Committed are the group's committed offsets of the partitions, with their metadata; those that have none are left out. A group that does
// not exist has none. It waits for transactions that have some of them and are just being ended.
func (a *Admin) Committed(ctx context.Context, group string, partitions ...messages.TopicPartition) (map[messages.TopicPartition]messages.Offset, error) {
	if len(partitions) == 0 {
		return nil, nil
	}
	ctx, cancel := a.bound(ctx)
	defer cancel()
	committed, err := stableOffsets(ctx, a.client, group, partitions)
	if errors.Is(err, kerr.GroupIDNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, Explain(err, Subject{Doing: "asking for the committed offsets of", Group: group})
	}
	maps.DeleteFunc(committed, func(_ messages.TopicPartition, o messages.Offset) bool { return o.At == noOffset })
	return committed, nil
}

// Member is one member of a consumer group.
type Member struct {
	ID string
	// InstanceID is the static member's name, "" for a dynamic one.
	InstanceID string
	ClientID   string
	Host       string
	Partitions []messages.TopicPartition
}

// Group is a consumer group. State is Kafka's word: Stable, Empty, PreparingRebalance, CompletingRebalance, Dead (there is none).
type Group struct {
	Name    string
	State   string
	Members []Member
	// Rights are what the user may do with the group; nil when the broker does not tell.
	Rights []string
}

// Group describes a consumer group. One that does not exist has no members, and is no error.
func (a *Admin) Group(ctx context.Context, name string) (Group, error) {
	ctx, cancel := a.bound(ctx)
	defer cancel()
	answers, err := a.admin.DescribeGroups(ctx, name)
	if answer := answers[name].Err; err == nil && !errors.Is(answer, kerr.GroupIDNotFound) {
		err = answer
	}
	if err != nil {
		return Group{}, Explain(err, Subject{Doing: "describing", Group: name})
	}
	group := Group{Name: name, State: answers[name].State}
	for _, right := range answers[name].AuthorizedOperations {
		group.Rights = append(group.Rights, right.String())
	}
	for _, m := range answers[name].Members {
		group.Members = append(group.Members, groupMember(m))
	}
	return group, nil
}

func groupMember(described kadm.DescribedGroupMember) Member {
	m := Member{ID: described.MemberID, ClientID: described.ClientID, Host: described.ClientHost}
	if described.InstanceID != nil {
		m.InstanceID = *described.InstanceID
	}
	if assigned, ok := described.Assigned.AsConsumer(); ok {
		for _, t := range assigned.Topics {
			for _, p := range t.Partitions {
				m.Partitions = append(m.Partitions, messages.TopicPartition{Topic: t.Topic, Partition: p})
			}
		}
	}
	return m
}

// CheckMinISR is the check behind acks: n. The error, a *PropertyError, names the first topic whose min.insync.replicas, or number of
// replicas, is less than n, and what to do; it is nil for n up to 1.
func (a *Admin) CheckMinISR(ctx context.Context, n int, topics ...string) error {
	if n <= 1 {
		return nil
	}
	for _, topic := range topics {
		if err := a.checkMinISR(ctx, n, topic); err != nil {
			return err
		}
	}
	return nil
}

// checkMinISR counts the replicas as well: a broker takes min.insync.replicas for their number when it is more.
func (a *Admin) checkMinISR(ctx context.Context, n int, topic string) error {
	text, err := a.TopicConfig(ctx, topic, "min.insync.replicas")
	if err != nil {
		return err
	}
	have, err := strconv.Atoi(text)
	if err != nil {
		return fmt.Errorf("acks: topic %q has the unreadable min.insync.replicas %q", topic, text)
	}
	found, err := a.Topics(ctx, topic)
	if err != nil {
		return err
	}
	what := ""
	switch replicas := found[0].Replicas; {
	case have < n:
		what = fmt.Sprintf("has min.insync.replicas %d; raise that", have)
	case found[0].Exists && replicas < n:
		what = fmt.Sprintf("has %d replicas in all; give it more", replicas)
	default:
		return nil
	}
	return &PropertyError{Property: "acks", Value: strconv.Itoa(n), Reason: fmt.Sprintf(
		"%d asks for %d replicas in sync, and topic %q %s, or set acks to all", n, n, topic, what)}
}
