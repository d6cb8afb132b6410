package cmd

import (
	"regexp"

	"github.com/hibana-stream/hibana/actors/kafka"
	"github.com/hibana-stream/hibana/actors/streaming"
	"github.com/hibana-stream/hibana/messages"
)

func (s *stream) newSource(p *streaming.Program) (*kafka.Source, error) {
	settings := s.config.Settings
	offsets := s.startOffsets(p)
	options, err := s.options(settings.ConsumerOptions)
	if err != nil {
		return nil, err
	}
	topics, pattern := subscription(p.Topics(), s.config.Pattern)
	return kafka.NewSource(kafka.SourceConfig{
		Client: options, Group: s.config.group(), InstanceID: s.memberName(), Topics: topics, Pattern: pattern,
		Partitions: offsets, CommittedFirst: s.savedTopics,
		Reset: settings.Reset(), Gone: gonePolicy(s.config.OffsetGone), ReadCommitted: settings.ReadCommitted() || s.config.Delivery == ExactlyOnce,
		Memory: s.config.Memory.Records / inFlight, SessionTimeout: settings.SessionTimeout(),
		HeartbeatInterval: settings.HeartbeatInterval(), RebalanceTimeout: settings.RebalanceTimeout(), Log: slogOf(s.log),
		Prepare: s.prepare, Drain: s.limits.drain,
	})
}

// startOffsets are those that the job gives, but for partitions that the checkpoint knows: what is saved belongs to its offsets, which must
// be the committed ones or the planned Until, and that is found out from the committed ones.
func (s *stream) startOffsets(p *streaming.Program) map[messages.TopicPartition]int64 {
	offsets := p.FromOffsets()
	if len(offsets) == 0 || s.store == nil {
		return offsets
	}
	progress, ok := s.store.Progress()
	if !ok {
		return offsets
	}
	for r := range progress.Offsets() {
		delete(offsets, r.TopicPartition)
	}
	return offsets
}

// memberName is the group.instance.id: members are static, so that a crash and a restart cost no session timeout.
func (s *stream) memberName() string {
	if name := s.config.Settings.InstanceID(); name != "" {
		return name
	}
	return "hibana-" + s.instance.name
}

// The parts of memory.records: a quarter is for what is fetched and not yet folded (more makes nothing faster: the consumers keep
// up, or they do not), a third for what a job holds of its batches, and the rest is what they cost beside the bytes that are counted:
// a batch that has run is still there until it is collected, while the next one fills at full speed.
const (
	inFlight = 4
	holding  = 3
)

// subscription is what the source subscribes to: the job's topics, or one pattern for all when the configuration has one.
func subscription(topics []string, pattern string) ([]string, string) {
	if pattern == "" {
		return topics, ""
	}
	all := "^(?:" + pattern
	for _, topic := range topics {
		all += "|" + regexp.QuoteMeta(topic)
	}
	return nil, all + ")$"
}

func gonePolicy(g OffsetGone) kafka.GonePolicy {
	switch g {
	case "earliest":
		return kafka.GoneEarliest
	case "latest":
		return kafka.GoneLatest
	}
	return kafka.GoneFail
}
