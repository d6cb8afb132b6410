package cmd_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/hibana-stream/hibana/cmd"
)

// token is an unsigned JWT, which the test's broker takes, in a file that is replaced as a whole.
func writeToken(t *testing.T, file, user string, life time.Duration) {
	t.Helper()
	part := func(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }
	now := time.Now()
	token := part(`{"alg":"none"}`) + "." + part(fmt.Sprintf(`{"sub":%q,"iat":%d,"exp":%d}`, user, now.Unix(), now.Add(life).Unix())) + "."
	if err := os.WriteFile(file+".new", []byte(token), 0o600); err != nil {
		t.Error(err)
	}
	if err := os.Rename(file+".new", file); err != nil {
		t.Error(err)
	}
}

// renewing renews the token every second until it is ended, and outlives nothing.
func renewing(t *testing.T, file string, life time.Duration) (end func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var work sync.WaitGroup
	work.Go(func() {
		for pause(ctx, time.Second) {
			writeToken(t, file, "admin", life)
		}
	})
	end = func() { cancel(); work.Wait() }
	t.Cleanup(end)
	return end
}

// A token of a few seconds is renewed in its file, and the run goes on; when nobody renews it, status names the setting until somebody
// does. At a start an expired token, or what is none, is exit code 5.
func TestKafkaTokens(t *testing.T) {
	t.Parallel()
	g := newGround(t, 1, nil)
	g.write(event(0, id(0)))
	file := filepath.Join(t.TempDir(), "token")
	args := append(g.secured(), "-X", "kafka.sasl.mechanism=OAUTHBEARER", "-X", "kafka.sasl.oauthbearer.token.file="+file)
	for i, a := range args {
		if strings.HasPrefix(a, "kafka.sasl.username=") || strings.HasPrefix(a, "kafka.sasl.password=") {
			args[i] = "log.level=trace" // the last of several holds, and alice's password goes with no token
		}
	}
	const renew = "renew what is in sasl.oauthbearer.token.file"
	writeToken(t, file, "admin", -time.Hour)
	start(t, g.args(args...)...).ended(t, cmd.ExitRefused, "expired at", renew)
	if err := os.WriteFile(file, []byte("garbage"), 0o600); err != nil {
		t.Fatal(err)
	}
	start(t, g.args(args...)...).ended(t, cmd.ExitRefused, renew)
	writeToken(t, file, "admin", time.Hour)
	start(t, g.args(args...)...).ended(t, cmd.ExitOK)

	const life = 6 * time.Second
	writeToken(t, file, "admin", life)
	renewed := renewing(t, file, life)
	r := g.run(args...)
	<-time.After(2 * life)
	g.writeEvents(1, 5, 1)
	r.waits("events", func() bool {
		r.mu.Lock()
		defer r.mu.Unlock()
		return len(r.seen) == 4 // the first is an earlier run's
	})
	renewed()
	r.says("waiting", "sasl.oauthbearer.token.file") // nobody renews it any more
	writeToken(t, file, "admin", time.Hour)
	g.writeEvents(5, 9, 1)
	r.waits("events after the late renewal", func() bool {
		r.mu.Lock()
		defer r.mu.Unlock()
		return len(r.seen) == 8
	})
	r.signals <- syscall.SIGINT
	if code := <-r.ended; code != cmd.ExitOK {
		t.Errorf("exit %d", code)
	}
}
