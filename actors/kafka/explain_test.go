package kafka

import (
	"context"
	"errors"
	"net"
	"os"
	"testing"

	"github.com/twmb/franz-go/pkg/kerr"

	"github.com/hibana-stream/hibana/messages"
)

// Every refusal of Kafka's is one sentence that names the right or the setting; what it wraps can be found.
func TestExplain(t *testing.T) {
	for _, c := range []struct {
		err   error
		about Subject
		want  string
		is    error
	}{
		{kerr.TransactionalIDAuthorizationFailed, Subject{Doing: "opening", TransactionalID: "g-0"},
			`opening transactional id "g-0": the user has no right to it; grant WRITE on transactional id "g-0"`, messages.ErrRefused},
		{kerr.GroupAuthorizationFailed, Subject{Doing: "joining", Group: "g"},
			`joining group "g": the user has no right to it; grant READ on group "g"`, messages.ErrRefused},
		{kerr.TopicAuthorizationFailed, Subject{Doing: "reading", Topic: "t"},
			`reading topic "t": the user has no right to it; grant READ and DESCRIBE on topic "t"`, messages.ErrRefused},
		{kerr.ClusterAuthorizationFailed, Subject{Doing: "describing"},
			`describing: the user has no right to it; grant DESCRIBE on the cluster`, messages.ErrRefused},
		{kerr.SaslAuthenticationFailed, Subject{Doing: "connecting"},
			`connecting: the broker refused the credentials; check sasl.username, sasl.password and sasl.mechanism`, messages.ErrRefused},
		{kerr.NotEnoughReplicas, Subject{Doing: "writing to", Topic: "t"},
			`writing to topic "t": fewer replicas are in sync than the topic's min.insync.replicas asks for`, kerr.NotEnoughReplicas},
		{kerr.PolicyViolation, Subject{Doing: "creating", Topic: "t"}, `creating topic "t": a policy of the cluster forbids it`, messages.ErrRefused},
		{context.DeadlineExceeded, Subject{Doing: "asking"}, `asking: no answer in time`, messages.ErrUnreachable},
		{&net.OpError{Op: "read", Err: os.ErrDeadlineExceeded}, Subject{Doing: "asking"}, `asking: no answer in time`, messages.ErrUnreachable},
		{errors.New("odd"), Subject{Doing: "asking"}, `asking: odd`, nil},
	} {
		err := Explain(c.err, c.about)
		if err == nil || err.Error() != c.want || !errors.Is(err, c.err) || c.is != nil && !errors.Is(err, c.is) {
			t.Errorf("want %s\ngot  %v", c.want, err)
		}
		if again := Explain(err, Subject{Doing: "again"}); isExplained(err) && again.Error() != err.Error() {
			t.Errorf("explained twice: %v", again)
		}
	}
	if Explain(nil, Subject{}) != nil {
		t.Error("nil is explained")
	}
}
