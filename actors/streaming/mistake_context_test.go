package streaming_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/hibana-stream/hibana/actors/streaming"
)

// A Context that is not there is one that has ended: no method of it panics or waits, and those that can say why do.
func TestEveryMethodOfANilOrZeroContext(t *testing.T) {
	type ctx = *streaming.Context
	for method, call := range map[string]func(ctx) error{
		"start":                     ctx.Start,
		"stop":                      func(c ctx) error { return c.Stop(true) },
		"awaitTermination":          ctx.AwaitTermination,
		"awaitTerminationOrTimeout": func(c ctx) error { _, err := c.AwaitTerminationOrTimeout(time.Hour); return err },
		"late":                      ctx.Late,
	} {
		for _, c := range []ctx{nil, {}} {
			if err := call(c); err == nil || !matches(err.Error(), method+" at mistake_context_test.go:%: the context is nil or the zero value") {
				t.Errorf("%s: %v", method, err)
			}
		}
	}
	for _, c := range []ctx{nil, {}} {
		<-c.Done()
		<-c.Ended().Done()
		c.Emit("event")
		c.Go(func(context.Context) { t.Error("a goroutine runs") })
		c.Interrupt()
		c.Report(errors.New("x"))
		c.Terminate(errors.New("x"))
		if _, err := c.Hold(); !errors.Is(err, streaming.ErrStopped) {
			t.Error(err)
		}
		if c.State() != streaming.Stopped || !c.Stopping() || c.Program() != nil || c.Holds() != 0 || len(c.Topics()) != 0 || c.Interval() != 0 {
			t.Error("it is no context that has ended")
		}
	}
}

func TestWhatIsAddedToANilOrZeroContextIsToldByTheNextStart(t *testing.T) {
	type ctx = *streaming.Context
	for op, add := range map[string]func(ctx){
		"remember":    func(c ctx) { c.Remember(sec) },
		"listen":      func(c ctx) { c.Listen(func(any) {}) },
		"fromOffsets": func(c ctx) { c.FromOffsets(nil) },
		"setCodec":    func(c ctx) { streaming.SetCodec(c, streaming.Codec[int]{}) },
		"renew":       func(c ctx) { c.Renew(nil) },
		"idleAfter":   func(ctx) { streaming.EventTimed[string]{}.IdleAfter(sec) },
	} {
		for _, c := range []ctx{nil, {}} {
			text := refused(t, func(ctx, strs) { add(c) })
			if !strings.Contains(text, op+" at mistake_context_test.go:") || !strings.Contains(text, "the zero value") {
				t.Errorf("%s: %q", op, text)
			}
		}
	}
}

func TestSettingsThatCannotBe(t *testing.T) {
	for text, setting := range map[string]streaming.Setting{
		"StreamingContext at mistake_context_test.go:%: setting 1 is nil":                                                     nil,
		"StreamingContext at mistake_context_test.go:%: the limit of the state must be positive, or 0 for none, not -5 bytes": streaming.WithStateLimit(-5),
	} {
		c := streaming.NewContext(sec, setting, streaming.WithLog(nil))
		s := streaming.QueueStream[int](c, true).Stream
		s.Print()
		if err := c.Start(); err == nil || !matches(err.Error(), text) {
			t.Errorf("got %v, want %s", err, text)
		}
		s.Print() // too late, which is written into the log
		if err := c.Late(); !errors.Is(err, streaming.ErrAfterStop) {
			t.Error(err)
		}
	}
}

func TestAFunctionOfTheJobCannotWaitForItsEnd(t *testing.T) {
	for what, write := range map[string]func(*streaming.Context, strs, func() error){
		"an output": func(_ *streaming.Context, s strs, wait func() error) {
			s.ForeachBatch(func(context.Context, streaming.Batch[string]) error { return wait() })
		},
		"a narrow function": func(_ *streaming.Context, s strs, wait func() error) {
			streaming.TryMap(s, func(context.Context, string) (string, error) { return "", wait() }).Print()
		},
		"a listener": func(c *streaming.Context, s strs, wait func() error) {
			c.Listen(func(any) { _ = wait() })
			s.Print()
		},
	} {
		var told []error
		_, _ = kitted(t, func(c *streaming.Context, s strs) {
			write(c, s, func() error {
				_, err := c.AwaitTerminationOrTimeout(time.Hour)
				told = append(told, err, c.AwaitTermination())
				return c.AwaitTermination()
			})
		}, "a")
		if len(told) == 0 {
			t.Errorf("%s did not run", what)
		}
		for _, err := range told {
			if !errors.Is(err, streaming.ErrAwaitInside) || !strings.HasPrefix(err.Error(), "awaitTermination at mistake_context_test.go:") {
				t.Errorf("%s: %v", what, err)
			}
		}
	}
}
