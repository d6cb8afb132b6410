package kafka

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/hibana-stream/hibana/messages"
)

// passing tells whether trying again may help: it does for everything but what a broker refuses for good.
func passing(err error) bool {
	var code *kerr.Error
	switch {
	case errors.Is(err, kgo.ErrClientClosed):
		return false
	case loggedOut(err):
		return true
	case errors.As(err, &code):
		return code.Retriable
	}
	return true
}

// loggedOut tells whether a token has run out in mid-run: whoever renews it replaces its file, so that is waited for. A password that
// is no longer accepted comes from the configuration, and a start with another one is needed.
func loggedOut(err error) bool {
	var token *tokenRefused
	return errors.As(err, &token) || errors.Is(err, kerr.IllegalSaslState)
}

// explain adds to a refusal which right is needed.
func (s *Source) explain(err error) error {
	switch {
	case errors.Is(err, kerr.GroupAuthorizationFailed):
		return Explain(err, Subject{Doing: "joining", Group: s.config.Group})
	case errors.Is(err, kerr.TopicAuthorizationFailed), errors.Is(err, kerr.ClusterAuthorizationFailed):
		return Explain(err, Subject{Doing: "reading", Topic: s.what()})
	case errors.Is(err, kerr.SaslAuthenticationFailed), errors.Is(err, kerr.UnsupportedSaslMechanism), loggedOut(err):
		return Explain(err, Subject{Doing: "reading " + s.what()})
	case errors.Is(err, kerr.FencedInstanceID):
		return fmt.Errorf("the instance name %q is in use elsewhere in the group %q: %w", s.config.InstanceID, s.config.Group, err)
	case errors.Is(err, kerr.InconsistentGroupProtocol):
		return fmt.Errorf("the group %q has members with another assignor than cooperative-sticky: %w", s.config.Group, err)
	}
	return err
}

// what names the topics, or their pattern, as they were configured.
func (s *Source) what() string {
	if s.config.Pattern != "" {
		return s.config.Pattern
	}
	return strings.Join(s.config.Topics, ", ")
}

// trouble deals with an error that a poll has brought. kgo retries what passes by itself; most of what comes here does not.
func (s *Source) trouble(f *fetcher, p messages.TopicPartition, err error) {
	var session *kgo.ErrGroupSession
	var loss *kgo.ErrDataLoss
	known := f.partitions[p]
	switch {
	case errors.Is(err, kgo.ErrClientClosed), errors.Is(err, context.Canceled):
	case errors.As(err, &session):
		s.sessionTrouble(f.client, session.Err)
	case known == nil:
		s.strayTrouble(p, err)
	case errors.As(err, &loss):
		f.broken(known)
		s.renew(known, loss.ResetTo)
	case errors.Is(err, kerr.OffsetOutOfRange):
		f.broken(known)
		s.renew(known, noOffset)
	case recreated(err):
		f.broken(known)
		s.fail(fmt.Errorf("%w: %w", recreatedInMidRun(p.Topic, known.topic, messages.TopicID{}), err))
	case loggedOut(err):
		f.uneasy = true
		s.wait(waitFetch, s.explain(err).Error())
	case passing(err) && kerr.IsRetriable(err):
		f.uneasy = true
		s.wait(waitFetch, fmt.Sprintf("%s: %v", p, err))
	default:
		f.broken(known)
		s.fail(fmt.Errorf("%s at offset %d: %w", p, known.position, s.explain(err)))
	}
}

func recreated(err error) bool {
	return errors.Is(err, kerr.UnknownTopicID) || errors.Is(err, kerr.InconsistentTopicID)
}

// strayTrouble is about a partition that is not ours, or not ours yet: only a refusal matters, it would stay for ever.
func (s *Source) strayTrouble(p messages.TopicPartition, err error) {
	if refusal := s.explain(err); errors.Is(refusal, messages.ErrRefused) && !loggedOut(err) {
		s.fail(fmt.Errorf("%s: %w", p.Topic, refusal))
		return
	}
	s.log.Warn("the client reports an error", "partition", p.String(), "error", err)
}

// sessionTrouble is client's word that the member could not join or was thrown out. It joins again by itself, but in one case.
func (s *Source) sessionTrouble(client *kgo.Client, err error) {
	if errors.Is(err, kerr.FencedInstanceID) {
		s.fenced(client, err)
		return
	}
	for _, code := range []error{
		kerr.GroupAuthorizationFailed, kerr.TopicAuthorizationFailed, kerr.SaslAuthenticationFailed,
		kerr.InconsistentGroupProtocol, kerr.InvalidSessionTimeout, kerr.InvalidGroupID, kerr.GroupMaxSizeReached,
	} {
		if errors.Is(err, code) {
			s.fail(fmt.Errorf("the group %q: %w", s.config.Group, s.explain(err)))
			return
		}
	}
	s.wait(waitGroup, fmt.Sprintf("the group %q: %v", s.config.Group, s.explain(err)))
}
