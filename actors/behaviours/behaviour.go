package behaviours

import (
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"slices"
	"strings"

	"github.com/hibana-stream/hibana/messages"
)

// Behaviour is an actor of your own, before it lives.
type Behaviour struct {
	// Name is the actor's in the tree, in the console's tell, and under behaviours.NAME in the configuration:
	// small letters, digits and -, a letter first.
	Name string
	// Topics are where its RichEvents come from; none: the configured topics.
	Topics []string
	// New makes the actor: at the start, and again after each crash, with nothing left of the one before.
	New func(Env) Actor
}

// Actor handles events. Its methods are called one at a time; they may take their time, and may block.
type Actor interface {
	// Receive handles one event. An error fails the batch, and the batch's policy decides.
	Receive(*Context, messages.RichEvent) error
}

// A Teller answers tell NAME {json} from the console, also between two events of a batch. An error is shown to whoever asked.
type Teller interface {
	Tell(c *Context, json string) (answer string, err error)
}

// A Starter is started before its first event. An error counts as a crash.
type Starter interface{ Start(*Context) error }

// A Stopper is told when it ends, also after a crash: what it opened it closes there.
type Stopper interface{ Stop() }

// Env is what a behaviour finds around it.
type Env struct {
	// Name is the behaviour's name, Settings what the configuration has under behaviours.NAME, by dotted names, as YAML gives it.
	Name     string
	Settings map[string]any
	Log      *slog.Logger
}

// Setting is a setting as text, or fallback when it is not set.
func (e Env) Setting(name, fallback string) string {
	if v, ok := e.Settings[name]; ok && v != nil {
		return fmt.Sprint(v)
	}
	return fallback
}

var (
	names = regexp.MustCompile(`^[a-z][a-z0-9-]{0,63}$`)
	taken = []string{"producer", "aggregator", "console", "metrics"}
	inner = []string{"future", "guardian", "eventstream", "deadletter"} // what protoactor's own names begin with
)

// Check finds what is wrong with behaviours before any of them lives.
func Check(all []Behaviour) error {
	var errs []error
	seen := map[string]bool{}
	for _, b := range all {
		errs = append(errs, b.check(seen[b.Name]))
		seen[b.Name] = true
	}
	return errors.Join(errs...)
}

func (b Behaviour) check(twice bool) error {
	begins := func(own string) bool { return strings.HasPrefix(b.Name, own) }
	switch {
	case !names.MatchString(b.Name):
		return fmt.Errorf("behaviour %q: a name is small letters, digits and -, and begins with a letter", b.Name)
	case slices.Contains(taken, b.Name) || slices.ContainsFunc(inner, begins):
		return fmt.Errorf("behaviour %q: an actor of the stream has that name", b.Name)
	case twice:
		return fmt.Errorf("behaviour %q: there are two of that name", b.Name)
	case b.New == nil:
		return fmt.Errorf("behaviour %q: New is nil", b.Name)
	}
	return nil
}
