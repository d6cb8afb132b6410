package kafka

import (
	"context"
	"errors"
	"net"
	"os"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// late is a context whose time is up, and whose timer has not been served yet: a busy machine is slow to do so.
type late struct{ context.Context }

func (late) Deadline() (time.Time, bool) { return time.Now().Add(-time.Millisecond), true }

// A broker that was reached and has not answered in time is not told as one that cannot be reached: when its connection is given up,
// the client dials once more, and that fails at once because the time is up.
func TestSilenceIsNotTakenForADialThatFailed(t *testing.T) {
	hopeless := func(context.Context, string, string) (net.Conn, error) {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Addr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1}, Err: os.ErrDeadlineExceeded}
	}
	a, err := NewAdmin([]kgo.Opt{kgo.SeedBrokers("127.0.0.1:1"), kgo.Dialer(hopeless), kgo.DisableClientMetrics()}, time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	if err := a.ping(late{t.Context()}); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	var dial *net.OpError
	if err := a.ping(t.Context()); !errors.As(err, &dial) {
		t.Errorf("%v, although there was time", err)
	}
}
