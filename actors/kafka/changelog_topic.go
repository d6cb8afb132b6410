package kafka

import (
	"context"
	"errors"
	"maps"
	"strconv"
	"strings"

	"github.com/twmb/franz-go/pkg/kerr"

	"github.com/hibana-stream/hibana/messages"
)

// changelogSettings let compaction bound what a restore has to read: it leaves the active segment alone, so that must not grow large,
// and begins when a third is stale. A window's dataset of one batch is one record, hence the size.
var changelogSettings = map[string]string{
	"cleanup.policy":            "compact",
	"segment.bytes":             "52428800",
	"min.cleanable.dirty.ratio": "0.3",
	"max.message.bytes":         "16777216",
}

// ChangelogBytes is the largest record of a changelog, in bytes.
const ChangelogBytes = 16 << 20

// EnsureChangelog makes sure that a topic's changelog is there, with as many partitions as the topic has, and returns its name. A topic
// that has grown gets a larger changelog; keys that go to other partitions than before begin there anew, which is said in grown.
// minISR is the min.insync.replicas of a new one; the cluster's default when it is not more than 1. One that is there must be compacted:
// CheckChangelog.
func (a *Admin) EnsureChangelog(ctx context.Context, group string, source Topic, minISR int) (name string, grown bool, err error) {
	name = ChangelogTopic(group, source.Name)
	found, err := a.Topics(ctx, name)
	if err != nil {
		return name, false, err
	}
	if !found[0].Exists {
		config := maps.Clone(changelogSettings)
		if minISR > 1 {
			config["min.insync.replicas"] = strconv.Itoa(minISR)
		}
		_, err = a.CreateTopic(ctx, NewTopic{Name: name, Partitions: source.Partitions, Config: config})
		return name, false, err
	}
	if err := a.CheckChangelog(ctx, name); err != nil {
		return name, false, err
	}
	if found[0].Partitions >= source.Partitions {
		return name, false, nil
	}
	ctx, cancel := a.bound(ctx)
	defer cancel()
	answers, err := a.admin.UpdatePartitions(ctx, source.Partitions, name)
	if err == nil {
		err = answers.Error()
	}
	if errors.Is(err, kerr.InvalidPartitions) { // it has as many by now: of two instances that start, the other one was faster
		return name, false, nil
	}
	if err != nil {
		return name, false, Explain(err, Subject{Doing: "giving more partitions to", Topic: name})
	}
	return name, true, nil
}

// CheckChangelog refuses a topic that would lose state: unless it is compacted, and nothing else, retention takes entries away that were
// not changed for long. What the user may not see is not refused.
func (a *Admin) CheckChangelog(ctx context.Context, name string) error {
	policy, err := a.TopicConfig(ctx, name, "cleanup.policy")
	if errors.Is(err, messages.ErrRefused) {
		return nil
	}
	if err != nil || !strings.Contains(policy, "delete") {
		return err
	}
	return refuse(errChangelogDeletes, "topic %q keeps state and has cleanup.policy %s, by which state is lost when it is old; accepted: compact "+
		"(kafka-configs --alter --entity-type topics --entity-name %[1]s --add-config cleanup.policy=compact)", name, policy)
}

var errChangelogDeletes = errors.New("a changelog whose records are deleted")
