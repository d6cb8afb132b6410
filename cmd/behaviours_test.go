package cmd

import (
	"bytes"
	"strings"
	"testing"

	"github.com/hibana-stream/hibana/actors/behaviours"
	"github.com/hibana-stream/hibana/actors/streaming"
	"github.com/hibana-stream/hibana/messages"
)

// doomed panics at every event.
type doomed struct{}

func (doomed) Receive(*behaviours.Context, messages.RichEvent) error { panic("no fuel") }

func runWith(b behaviours.Behaviour, args ...string) (code int, said string) {
	var errOut bytes.Buffer
	m := Main{
		Job:        func(s *streaming.Context) error { streaming.Events(s).Count().Print(); return nil },
		Behaviours: []behaviours.Behaviour{b}, Stderr: &errOut,
		Args: append([]string{"-X", "embedded.listen=127.0.0.1:0", "-X", "interval=200ms", "-X", "kafka.group.id=doomed"}, args...),
	}
	code = m.Run()
	return code, errOut.String()
}

// It is restarted eight times, over some twelve seconds, and then given up.
func TestABehaviourThatKeepsCrashingEndsTheProgram(t *testing.T) {
	t.Parallel()
	code, said := runWith(behaviours.Behaviour{Name: "doomed", New: func(behaviours.Env) behaviours.Actor { return doomed{} }})
	last := said[strings.LastIndex(strings.TrimSpace(said), "\n")+1:]
	if code != ExitFailed || !strings.Contains(last, "actor doomed crashed 9 times") || !strings.Contains(last, "no fuel") {
		t.Errorf("exit %d: %s", code, said)
	}
}

func TestMistakesAboutBehavioursAreSaid(t *testing.T) {
	fine := behaviours.Behaviour{Name: "alarm", New: func(behaviours.Env) behaviours.Actor { return doomed{} }}
	code, said := runWith(fine, "-X", "behaviours.alrm.word=fire")
	if code != ExitUsage || !strings.Contains(said, "behaviours.alrm: this program has no behaviour of that name (did you mean alarm?)") {
		t.Errorf("exit %d: %s", code, said)
	}
	if code, said = runWith(behaviours.Behaviour{Name: "console", New: fine.New}); code != ExitFailed || !strings.Contains(said, "an actor of the stream has that name") {
		t.Errorf("exit %d: %s", code, said)
	}
}
