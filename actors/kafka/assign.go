package kafka

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/hibana-stream/hibana/messages"
)

// holding is one assignment of one partition to this member; its pointer tells it from an earlier or later one of the same
// partition. Guarded by Source.mu.
type holding struct {
	number   int64 // of its own, in this process
	resolved bool
	start    int64 // where it started
	from     int64 // where it was told to go on, last
	seen     int64 // the committed offset that stood then, noOffset for none
	former   bool  // that was of an earlier topic of this name
	topic    messages.TopicID
	explicit bool  // the user's own start came before it
	told     int64 // the Join that has been told of it; 0 for none
	leaving  bool  // a Revoked is under way
	stale    bool  // it was lost and is ours again, see member
}

// holdings numbers them over all Sources of the process.
var holdings atomic.Int64

// onAssigned is kgo's callback, before anything of the new partitions can be fetched: they start paused. kgo calls it with nothing,
// too, when the group has given us no more than before.
func (s *Source) onAssigned(_ context.Context, client *kgo.Client, added map[string][]int32) {
	if len(added) > 0 {
		client.PauseFetchPartitions(added)
		s.prepareOffsets()
	}
	s.noteGoals(flatten(added))
	s.mu.Lock()
	var again []messages.TopicPartition
	for _, p := range flatten(added) {
		if s.owned[p] != nil {
			again = append(again, p) // kgo has lost its cursors and starts over
		}
		s.owned[p] = &holding{number: holdings.Add(1)}
	}
	stale := s.memberLocked(client, added)
	s.joined = true
	empty := len(s.owned) == 0
	s.mu.Unlock()
	s.wait(waitGroup, "")
	s.log.Info("partitions assigned", "added", fmt.Sprint(flatten(added)))
	if len(again) > 0 {
		s.tell(messages.NewLost(again))
	}
	for p, h := range stale {
		s.log.Warn("the partition was another member's meanwhile, and is assigned anew", "partition", p.String())
		s.relocate(p, h)
	}
	if empty { // the batch clock starts without partitions, too
		s.tell(messages.NewAssigned(nil))
	}
}

// memberLocked notes under which id the member has joined, and gives back what it holds that was lost without a word:
//
//  1. A heartbeat says that the group rebalances, and the process is frozen (SIGSTOP, a machine that sleeps) for longer than its session.
//  2. The group throws the member out; others go on with its partitions, and commit.
//  3. It wakes up and joins, is told that its id is unknown, and kgo joins at once without one: as a new member, which still claims
//     the partitions of the old one, and calls neither onLost nor onRevoked. Has the other one died meanwhile, it keeps them.
//
// What was computed from them is out of date, and where they go on has to be asked for. Until that is known, nothing of them is committed.
func (s *Source) memberLocked(client *kgo.Client, added map[string][]int32) map[messages.TopicPartition]*holding {
	before := s.member
	s.member, _ = client.GroupMetadata()
	stale := make(map[messages.TopicPartition]*holding)
	if before == "" || before == s.member {
		return stale
	}
	for p, h := range s.owned {
		if h.resolved && !h.leaving && !slices.Contains(added[p.Topic], p.Partition) {
			h.stale = true
			stale[p] = h
		}
	}
	return stale
}

// onOffsets is kgo's callback for a store of offsets other than its own: it says where the assigned partitions start. It may take
// its time: the member goes on heartbeating, and ctx ends when the group rebalances.
//
// Lost or revoked during this: ctx ends, kgo waits for us to return, and only then calls onLost or onRevoked; with partitions that
// are kept kgo comes here again in the next session. Nothing of ours remembers a look-up that was broken off.
func (s *Source) onOffsets(ctx context.Context, offsets map[string]map[int32]kgo.Offset) (map[string]map[int32]kgo.Offset, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(s.ctx, cancel)()
	var partitions []messages.TopicPartition
	for topic, ps := range offsets {
		for p := range ps {
			partitions = append(partitions, messages.TopicPartition{Topic: topic, Partition: p})
		}
	}
	positions, err := s.resolve(ctx, partitions)
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		s.fail(err)
		return nil, nil // no cursors: nothing is fetched, and the member stays until it is stopped
	}
	s.sayUncommitted(positions)
	starts := make(map[string]map[int32]kgo.Offset)
	for _, at := range positions {
		if starts[at.Topic] == nil {
			starts[at.Topic] = make(map[int32]kgo.Offset)
		}
		starts[at.Topic][at.Partition] = kgo.NewOffset().At(at.From)
	}
	s.settled(positions)
	s.tellAssigned(positions, s.joinCount())
	return starts, nil
}

// settled opens the accounts of resolved partitions. It comes before they are told, so that a Reset finds them.
func (s *Source) settled(positions []messages.Position) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, at := range positions {
		h := s.owned[at.TopicPartition]
		if h == nil {
			continue
		}
		h.resolved, h.start = true, at.From
		s.enqueueLocked(func(f *fetcher) { f.place(at, h, at.From) })
	}
}

// resolve looks up where partitions start.
func (s *Source) resolve(ctx context.Context, partitions []messages.TopicPartition) ([]messages.Position, error) {
	all, err := s.lookup(ctx, partitions)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(partitions, messages.TopicPartition.Compare)
	var positions []messages.Position
	for _, p := range partitions {
		at, err := s.decide(p, all[p])
		if err != nil {
			return nil, err
		}
		positions = append(positions, at)
	}
	return positions, nil
}

// sayUncommitted tells which partitions start where nobody has committed anything.
func (s *Source) sayUncommitted(positions []messages.Position) {
	var partitions []messages.TopicPartition
	for _, at := range positions {
		if !at.Committed {
			partitions = append(partitions, at.TopicPartition)
		}
	}
	if len(partitions) > 0 {
		s.log.Info("without a committed offset: auto.offset.reset says where they start, unless the job or its state does", "partitions", fmt.Sprint(partitions))
	}
}

// decide adds to f what this Source knows itself, and applies the policies.
func (s *Source) decide(p messages.TopicPartition, f found) (messages.Position, error) {
	var assignment int64
	var before messages.TopicID
	s.mu.Lock()
	if at, ok := s.config.Partitions[p]; ok && !s.started[p] && (f.committed == noOffset || !slices.Contains(s.config.CommittedFirst, p.Topic)) {
		f.explicit = at
	}
	if h := s.owned[p]; h != nil {
		assignment, before = h.number, h.topic
		if h.resolved {
			f.fallback = h.start
		}
	}
	s.mu.Unlock()
	if before.Differs(f.topic) { // what the client reads is that one still
		return messages.Position{}, recreatedInMidRun(p.Topic, before, f.topic)
	}
	at, err := policies{reset: s.config.Reset, gone: s.config.Gone}.decide(p, f)
	at.Assignment = assignment
	if err == nil && f.former() && f.explicit == noOffset {
		s.log.Warn("the topic was deleted and created again; offset.gone lets the stream begin in the new one", "partition", p.String(), "from", at.From)
	}
	if err == nil {
		s.looked(at, f)
		s.log.Debug("partition starts", "partition", p.String(), "from", at.From, "end", at.End,
			"committed", at.Committed, "gone", at.Gone, "planned", at.Planned)
	}
	return at, err
}

// looked remembers in the assignment what the decision was made of; a transaction asks for it later.
func (s *Source) looked(at messages.Position, f found) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if h := s.owned[at.TopicPartition]; h != nil {
		h.from, h.seen, h.explicit = at.From, f.committed, f.explicit != noOffset
		h.topic, h.former = f.topic, f.former()
	}
}

func flatten(partitions map[string][]int32) []messages.TopicPartition {
	var flat []messages.TopicPartition
	for topic, ps := range partitions {
		for _, p := range ps {
			flat = append(flat, messages.TopicPartition{Topic: topic, Partition: p})
		}
	}
	slices.SortFunc(flat, messages.TopicPartition.Compare)
	return flat
}
