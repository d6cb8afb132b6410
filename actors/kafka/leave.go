package kafka

import (
	"context"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// leave leaves the group. kgo does it for a dynamic member; a static one stays in the group until its session times out, unless
// it says itself that it goes. The request names the member, too: were the instance's name in use elsewhere by now, the
// group would refuse instead of throwing the other one out.
func (s *Source) leave(client *kgo.Client) {
	ctx, cancel := context.WithTimeout(context.Background(), leaveTimeout)
	defer cancel()
	member, _ := client.GroupMetadata()
	if err := client.LeaveGroupContext(ctx); err != nil {
		s.log.Warn("leaving the group", "error", err)
	}
	s.mu.Lock()
	usurped := s.usurped
	s.mu.Unlock()
	if s.config.InstanceID == "" || member == "" || usurped {
		return
	}
	if err := s.leaveStatic(ctx, client, member); err != nil {
		s.log.Warn("leaving the group as a static member", "error", err)
	}
}

func (s *Source) leaveStatic(ctx context.Context, client *kgo.Client, memberID string) error {
	member := kmsg.NewLeaveGroupRequestMember()
	member.MemberID = memberID
	member.InstanceID = &s.config.InstanceID
	member.Reason = kmsg.StringPtr("stopped")
	request := kmsg.NewPtrLeaveGroupRequest()
	request.Group = s.config.Group
	request.Members = append(request.Members, member)
	response, err := request.RequestWith(ctx, client)
	if err != nil {
		return err
	}
	for _, m := range response.Members {
		if err := kerr.ErrorForCode(m.ErrorCode); err != nil && m.ErrorCode != kerr.UnknownMemberID.Code {
			return err
		}
	}
	return kerr.ErrorForCode(response.ErrorCode)
}
