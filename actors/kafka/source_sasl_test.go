package kafka

import (
	"errors"
	"testing"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/sasl/plain"

	"github.com/hibana-stream/hibana/messages"
)

// A wrong password ends the source. (kfake hangs up; Kafka answers.)
func TestWrongPassword(t *testing.T) {
	inBubble(t, func(g *ground) {
		g.cluster.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.SASLAuthenticate}, Err: kerr.SaslAuthenticationFailed, TopLevel: true, Count: -1})
		config := g.config("events")
		config.Client = append(config.Client, kgo.SASL(plain.Auth{User: "hibana", Pass: "wrong"}.AsMechanism()))
		m := g.member(config).start()
		if err := m.awaitFailure(); !errors.Is(err, messages.ErrRefused) {
			t.Error(err)
		}
	}, kfake.SeedTopics(1, "events"), kfake.EnableSASL(), kfake.Superuser("PLAIN", "hibana", "right"))
}
