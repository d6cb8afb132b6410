package kafka

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/hibana-stream/hibana/messages"
)

// SourceConfig is what a Source needs to know. Group and one of Topics and Pattern are required.
type SourceConfig struct {
	// Client are brokers, security, client id, fetch sizes and logger. What the Source sets itself (the group, the callbacks,
	// the offset reset) cannot be overridden here; kgo.MetadataMaxAge can (default 30 s: how soon new partitions are found).
	Client []kgo.Opt
	// Group is Kafka's group.id, InstanceID its group.instance.id; "" makes a dynamic member.
	Group, InstanceID string
	// Topics are read; or every topic that Pattern, a regular expression, matches. Not both.
	Topics  []string
	Pattern string
	// Partitions are start offsets given by the user. They win over the committed ones until this Source has committed the
	// partition for the first time.
	Partitions map[messages.TopicPartition]int64
	// CommittedFirst are topics whose committed offsets come before Partitions: state that was saved belongs to them.
	CommittedFirst []string
	// Reset applies without a committed offset, Gone when the offset is not in the log any more.
	Reset ResetPolicy
	Gone  GonePolicy
	// ReadCommitted hides records of open and aborted transactions; a partition then ends at its last stable offset.
	ReadCommitted bool
	// Memory bounds the bytes of records that are delivered and not yet Consumed; default 64 MiB. Each partition may hold an
	// equal share, at least 256 KiB, and exceed it by the records of one poll.
	Memory int64
	// RevokeTimeout bounds how long a Revoked waits for Released; default half of RebalanceTimeout, which it must not exceed.
	RevokeTimeout time.Duration
	// SessionTimeout, RebalanceTimeout and HeartbeatInterval are the group's; 0 means 45 s, 60 s and 3 s.
	SessionTimeout, RebalanceTimeout, HeartbeatInterval time.Duration
	// Drain remembers where the topics end when something is assigned for the first time: Undrained is about that.
	Drain bool
	// Prepare, when it is there, is called for each assignment before its committed offsets are looked up, again until it succeeds.
	Prepare func(context.Context) error
	// Log gets what a person may want to know; nil drops it.
	Log *slog.Logger
}

// complete fills in the defaults and refuses what cannot work.
func (c *SourceConfig) complete() error {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Memory <= 0 {
		c.Memory = 64 << 20
	}
	if c.SessionTimeout <= 0 {
		c.SessionTimeout = 45 * time.Second
	}
	if c.RebalanceTimeout <= 0 {
		c.RebalanceTimeout = time.Minute
	}
	if c.RevokeTimeout <= 0 {
		c.RevokeTimeout = c.RebalanceTimeout / 2
	}
	switch {
	case c.Group == "":
		return errors.New("source: no group")
	case len(c.Topics) == 0 && c.Pattern == "":
		return errors.New("source: no topics")
	case len(c.Topics) > 0 && c.Pattern != "":
		return errors.New("source: topics or a pattern, not both")
	case c.RevokeTimeout > c.RebalanceTimeout:
		return fmt.Errorf("source: the revoke timeout %v exceeds the rebalance timeout %v", c.RevokeTimeout, c.RebalanceTimeout)
	}
	if _, err := regexp.Compile(c.Pattern); err != nil {
		return fmt.Errorf("source: pattern: %w", err)
	}
	return nil
}

// options are the caller's between the defaults and what the Source relies on: kgo lets the last one win.
func (s *Source) options() []kgo.Opt {
	c := s.config
	opts := append([]kgo.Opt{kgo.MetadataMaxAge(30 * time.Second)}, c.Client...)
	opts = append(opts,
		kgo.WithContext(s.base),
		kgo.ConsumerGroup(c.Group),
		kgo.Balancers(kgo.CooperativeStickyBalancer()),
		kgo.DisableAutoCommit(),
		kgo.KeepControlRecords(),
		kgo.SessionTimeout(c.SessionTimeout),
		kgo.RebalanceTimeout(c.RebalanceTimeout),
		kgo.ConsumeResetOffset(kgo.NoResetOffset()), // out of range is our policy's matter, never kgo's
		kgo.AdjustFetchOffsetsFn(s.onOffsets),
		kgo.OnPartitionsAssigned(s.onAssigned),
		kgo.OnPartitionsRevoked(s.onRevoked),
		kgo.OnPartitionsLost(s.onLost),
		kgo.ConsumeTopics(c.Topics...),
	)
	if c.Pattern != "" {
		opts = append(opts, kgo.ConsumeRegex(), kgo.ConsumeTopics(c.Pattern))
	}
	if c.InstanceID != "" {
		opts = append(opts, kgo.InstanceID(c.InstanceID))
	}
	if c.ReadCommitted {
		opts = append(opts, kgo.FetchIsolationLevel(kgo.ReadCommitted()))
	}
	if c.HeartbeatInterval > 0 {
		opts = append(opts, kgo.HeartbeatInterval(c.HeartbeatInterval))
	}
	return opts
}
