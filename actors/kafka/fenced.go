package kafka

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/hibana-stream/hibana/messages"
)

// How the holder of a lost instance name is watched.
const (
	holderEvery = 500 * time.Millisecond
	holderSlack = 5 * time.Second // beyond its session: the coordinator's clock and ours
)

// fenced is the group's word that another member has our instance name. kgo would join with its old member id and be fenced again, for
// ever; the client leaves, and another one takes the name back if nobody is there who has it:
//
//  1. Another process was started with our name. Its member heartbeats, so it is still there after a session, and this source
//     fails. To join at once would fence the other one in turn, and neither would get anywhere.
//  2. The holder is a life before us, killed a moment ago. A coordinator writes down who has a name when a rebalance is done; if it dies
//     before that, its successor knows the earlier member only, and fences us. Nobody heartbeats: the holder goes when its session
//     times out, as every member that stays dead, and the name is free.
//
// What client says after it has been replaced does not count.
func (s *Source) fenced(client *kgo.Client, cause error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped || s.usurped || s.client != client {
		return
	}
	s.usurped, s.joined = true, false
	s.work.Go(func() { s.reclaim(client, cause) })
}

// reclaim gives up what the member has (kgo calls onLost or onRevoked), waits for the name, and joins again.
func (s *Source) reclaim(client *kgo.Client, cause error) {
	s.log.Warn("another member of the group has this instance's name; it is taken back when that is gone",
		"instance", s.config.InstanceID, "group", s.config.Group)
	if err := client.LeaveGroupContext(s.ctx); err != nil {
		s.log.Debug("leaving the group", "error", err)
	}
	free, err := s.awaitName()
	switch {
	case s.ctx.Err() != nil:
	case err != nil:
		s.fail(s.explain(err))
	case !free:
		s.fail(s.explain(cause))
	default:
		s.reconnect(client)
	}
}

// awaitName waits until nobody has the instance name; false when the holder is alive. While the coordinator does not answer, nobody's
// session times out.
func (s *Source) awaitName() (bool, error) {
	what := fmt.Sprintf("the instance name %q, which another member of the group %q has", s.config.InstanceID, s.config.Group)
	var first string
	for since := time.Now(); ; {
		holder, err := s.holder()
		switch {
		case err != nil && !passing(err):
			return false, err
		case err != nil:
			s.wait(waitGroup, fmt.Sprintf("%s: %v", what, err))
			since = time.Now()
		case holder == "":
			return true, nil
		case first != "" && holder != first, time.Since(since) > s.config.SessionTimeout+holderSlack:
			return false, nil
		default:
			s.wait(waitGroup, what)
			first = holder
		}
		if !sleep(s.ctx, holderEvery) {
			return false, nil
		}
	}
}

// holder is the member id of who has our instance name, "" for nobody.
func (s *Source) holder() (string, error) {
	ctx, cancel := context.WithTimeout(s.ctx, attempt)
	defer cancel()
	_, admin := s.clients()
	groups, err := admin.DescribeGroups(ctx, s.config.Group)
	if err != nil {
		return "", err
	}
	group := groups[s.config.Group]
	if group.Err != nil && !errors.Is(group.Err, kerr.GroupIDNotFound) {
		return "", group.Err
	}
	for _, m := range group.Members {
		if m.InstanceID != nil && *m.InstanceID == s.config.InstanceID {
			return m.MemberID, nil
		}
	}
	return "", nil
}

// reconnect joins the group with a new client in the place of old. The fetcher takes it over before anything that the new one's
// callbacks leave for it: both stand in its queue. After Stop, which closes old, it does nothing.
func (s *Source) reconnect(old *kgo.Client) {
	ok, err := s.replaceClient()
	switch {
	case err != nil:
		s.fail(fmt.Errorf("source: %w", err))
	case ok:
		old.Close()
	}
}

func (s *Source) replaceClient() (ok bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if ok, err = s.connectLocked(); !ok {
		return false, err
	}
	client := s.client
	s.usurped = false
	s.enqueueLocked(func(f *fetcher) { f.client = client })
	return true, nil
}

// named makes sure that no other member has taken this one's instance name; then the error wraps messages.ErrNotOwner. A rebalance under
// way, or a session that has timed out, is no other member.
func (s *Source) named(ctx context.Context) error {
	if s.config.InstanceID == "" {
		return nil
	}
	s.mu.Lock()
	client, usurped := s.client, s.usurped
	s.mu.Unlock()
	if client == nil {
		return nil
	}
	request := kmsg.NewPtrHeartbeatRequest()
	request.Group, request.InstanceID = s.config.Group, &s.config.InstanceID
	request.MemberID, request.Generation = client.GroupMetadata()
	if usurped || request.MemberID == "" {
		return fmt.Errorf("%w: %w", messages.ErrNotOwner, kerr.FencedInstanceID)
	}
	response, err := request.RequestWith(ctx, client)
	if err == nil && response.ErrorCode == kerr.FencedInstanceID.Code {
		err = fmt.Errorf("%w: %w", messages.ErrNotOwner, kerr.FencedInstanceID)
	}
	return err
}
