package kafka

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/hibana-stream/hibana/messages"
)

// Subject is what an error is about. What does not apply stays empty.
type Subject struct {
	// Doing is the work that failed, as it stands before a name: "reading", "writing to", "joining". The right that is missing is
	// told from it.
	Doing string
	// Topic, Group and TransactionalID are the names that it concerns.
	Topic, Group, TransactionalID string
}

// explained is an error in one sentence; what it wraps stays open to errors.Is.
type explained struct {
	sentence string
	causes   []error
}

// Error is the sentence.
func (e *explained) Error() string { return e.sentence }

// Unwrap is what it wraps.
func (e *explained) Unwrap() []error { return e.causes }

func say(cause error, format string, args ...any) error {
	return &explained{sentence: fmt.Sprintf(format, args...), causes: []error{cause}}
}

func refuse(cause error, format string, args ...any) error {
	return &explained{sentence: fmt.Sprintf(format, args...), causes: []error{cause, messages.ErrRefused}}
}

func isExplained(err error) bool {
	var sentence *explained
	return errors.As(err, &sentence)
}

// Explain says in one sentence what went wrong with Kafka and which setting or right would help. errors.Is finds the cause,
// messages.ErrRefused for credentials and rights, and messages.ErrUnreachable for brokers that do not answer. It returns nil
// for nil, and what is explained already as it is.
func Explain(err error, about Subject) error {
	if err == nil || isExplained(err) {
		return err
	}
	var many *kadm.ShardErrors
	if errors.As(err, &many) && len(many.Errs) > 0 {
		err = many.Errs[0].Err // one question went to several brokers: the first that failed says why
	}
	for _, explain := range []func(error, Subject) error{explainRights, explainLogin, explainTLS, explainTopic, explainNetwork} {
		if sentence := explain(err, about); sentence != nil {
			return sentence
		}
	}
	if about.Doing == "" {
		return err
	}
	return fmt.Errorf("%s: %w", about, err)
}

// String is the subject in words.
func (s Subject) String() string {
	words := []string{s.Doing}
	for _, name := range []struct{ kind, name string }{{"topic", s.Topic}, {"group", s.Group}, {"transactional id", s.TransactionalID}} {
		if name.name != "" {
			words = append(words, fmt.Sprintf("%s %q", name.kind, name.name))
		}
	}
	return strings.TrimSpace(strings.Join(words, " "))
}

// explainRights names the right that is missing, as an access control list names it.
func explainRights(err error, about Subject) error {
	switch {
	case errors.Is(err, kerr.TopicAuthorizationFailed):
		return refuse(err, "%s: the user has no right to it; grant %s on topic %q", about, about.right(), about.Topic)
	case errors.Is(err, kerr.GroupAuthorizationFailed):
		return refuse(err, "%s: the user has no right to it; grant READ on group %q", about, about.Group)
	case errors.Is(err, kerr.TransactionalIDAuthorizationFailed):
		return refuse(err, "%s: the user has no right to it; grant WRITE on transactional id %q", about, about.TransactionalID)
	case errors.Is(err, kerr.ClusterAuthorizationFailed) && about.Doing == "writing to":
		return refuse(err, "%s: the user has no right to it; grant WRITE and DESCRIBE on topic %q "+
			"(before Kafka 2.8 also IDEMPOTENT_WRITE on the cluster)", about, about.Topic)
	case errors.Is(err, kerr.ClusterAuthorizationFailed):
		return refuse(err, "%s: the user has no right to it; grant %s on the cluster", about, about.right())
	}
	return nil
}

func (s Subject) right() string {
	switch s.Doing {
	case "writing to":
		return "WRITE and DESCRIBE"
	case "creating":
		return "CREATE"
	case "reading":
		return "READ and DESCRIBE"
	case "giving more partitions to":
		return "ALTER"
	case "reading the configuration of":
		return "DESCRIBE_CONFIGS"
	}
	return "DESCRIBE"
}

func explainLogin(err error, about Subject) error {
	var first *kgo.ErrFirstReadEOF
	var token *tokenRefused
	switch {
	case errors.As(err, &token):
		return refuse(err, "%s: %v; renew what is in %s", about, token, tokenFile)
	case errors.Is(err, kerr.SaslAuthenticationFailed):
		return refuse(kerr.SaslAuthenticationFailed, "%s: the broker refused the credentials; check sasl.username, sasl.password and sasl.mechanism", about)
	case errors.Is(err, kerr.IllegalSaslState):
		return refuse(err, "%s: the login has run out, and the broker did not accept a new one; renew what is in %s, or check sasl.username and sasl.password", about, tokenFile)
	case errors.Is(err, kerr.UnsupportedSaslMechanism), strings.Contains(err.Error(), "sasl mechanism"):
		return refuse(err, "%s: the broker does not offer this sasl.mechanism", about)
	// A broker that is going down closes connections at once, too: only who has never had an answer may take it for a refusal.
	case errors.As(err, &first) && strings.Contains(err.Error(), "SASL"):
		return outOfReach(err, "%s: the broker closed the connection at the login; check security.protocol, sasl.mechanism, sasl.username and sasl.password", about)
	case errors.As(err, &first):
		return outOfReach(err, "%s: the broker closed the connection at once; check that security.protocol is the one of this port", about)
	}
	return nil
}

func explainTLS(err error, about Subject) error {
	var (
		authority x509.UnknownAuthorityError
		host      x509.HostnameError
		invalid   x509.CertificateInvalidError
		alert     tls.AlertError
		notTLS    tls.RecordHeaderError
	)
	switch {
	case errors.As(err, &host):
		return refuse(err, "%s: the broker's certificate is not for the name it was called by (%v); correct bootstrap.servers, or ssl.endpoint.identification.algorithm", about, host)
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return refuse(err, "%s: the broker's certificate is expired or not yet valid (%s); renew it", about, invalid.Detail)
	case errors.As(err, &invalid):
		return refuse(err, "%s: the broker's certificate is not valid (%v)", about, invalid)
	case errors.As(err, &authority):
		return refuse(err, "%s: the broker's certificate is signed by an authority that is not in ssl.ca.location", about)
	case errors.As(err, &notTLS):
		return refuse(err, "%s: the broker does not speak TLS on this port; check security.protocol and the port", about)
	case errors.As(err, &alert), strings.Contains(err.Error(), "remote error: tls:"):
		return refuse(err, "%s: the broker refused our certificate (%s); check ssl.certificate.location and ssl.key.location", about, alertText(err))
	}
	return nil
}

// wantsCertificate tells whether it may be for want of a certificate that the broker's TLS has said no: TLS 1.3 has a word of its own
// for that, Java says another, and before 1.3 it was only that there can be no connection.
func wantsCertificate(err error) bool {
	switch alertText(err) {
	case "tls: certificate required", "tls: bad certificate", "tls: handshake failure":
		return true
	}
	return false
}

// alertText is what the broker's TLS said: "tls: expired certificate".
func alertText(err error) string {
	_, text, found := strings.Cut(err.Error(), "remote error: ")
	if !found {
		return err.Error()
	}
	return text
}

func explainTopic(err error, about Subject) error {
	switch {
	case errors.Is(err, kerr.CoordinatorNotAvailable), errors.Is(err, kerr.CoordinatorLoadInProgress):
		return say(err, "%s: its coordinator is not ready (on a new cluster, or after a broker has gone)", about)
	case errors.Is(err, kerr.UnknownTopicOrPartition), errors.Is(err, kerr.UnknownTopicID):
		return say(err, "%s: it does not exist", about)
	case errors.Is(err, kerr.InvalidTopicException):
		return say(err, "%s: Kafka does not permit this name", about)
	case errors.Is(err, kerr.NotEnoughReplicas), errors.Is(err, kerr.NotEnoughReplicasAfterAppend):
		return say(err, "%s: fewer replicas are in sync than the topic's min.insync.replicas asks for", about)
	case errors.Is(err, kerr.PolicyViolation):
		return refuse(err, "%s: a policy of the cluster forbids it", about)
	}
	return nil
}

func explainNetwork(err error, about Subject) error {
	var dial *net.OpError
	var timeout net.Error
	switch {
	case errors.As(err, &dial) && dial.Op == "dial":
		return outOfReach(err, "%s: %s cannot be reached (%v)", about, address(dial), dial.Err)
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return outOfReach(err, "%s: no answer in time", about)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed):
		return outOfReach(err, "%s: the broker closed the connection", about)
	}
	return nil
}

func outOfReach(cause error, format string, args ...any) error {
	return &explained{sentence: fmt.Sprintf(format, args...), causes: []error{cause, messages.ErrUnreachable}}
}

// address is where the dial went; a name that does not resolve has none.
func address(dial *net.OpError) string {
	var lookup *net.DNSError
	switch {
	case dial.Addr != nil:
		return dial.Addr.String()
	case errors.As(dial.Err, &lookup):
		return lookup.Name
	}
	return "the broker"
}
