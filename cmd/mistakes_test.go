package cmd_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/hibana-stream/hibana/actors/streaming"
	"github.com/hibana-stream/hibana/cmd"
	"github.com/hibana-stream/hibana/messages"
)

// Scenario: functions of the job panic, or end the goroutine that they are called on, an actor's and others. The program ends by the
// policy, with the operation and its line.
func TestAFunctionThatPanicsOrEndsItsGoroutineEndsTheProgramWithASentence(t *testing.T) {
	for mode, bad := range map[string]func(){"panic: boom": func() { panic(errors.New("boom")) }, "ended its goroutine": runtime.Goexit} {
		for op, job := range map[string]cmd.Job{
			"map at": func(s *streaming.Context) error {
				streaming.Map(streaming.Events(s), func(messages.RichEvent) int { bad(); return 1 }).Print()
				return nil
			},
			"mapPartitions at": func(s *streaming.Context) error {
				streaming.MapPartitions(streaming.Events(s), func([]messages.RichEvent) []int { bad(); return nil }).Print()
				return nil
			},
			"foreachBatch at": func(s *streaming.Context) error {
				streaming.Events(s).ForeachBatch(func(context.Context, streaming.Batch[messages.RichEvent]) error { bad(); return nil })
				return nil
			},
		} {
			_, log, code := hibana(t, job, "--batches", "3", "-X", "interval=200ms", "-X", "embedded.listen=127.0.0.1:0",
				"-X", "embedded.sample=100/s", "-X", "failure.retries=1", "-X", "failure.backoff=10ms")
			if last := lastLine(log); code != cmd.ExitFailed || !strings.HasPrefix(last, "hibana: "+op+" mistakes_test.go:") || !strings.Contains(last, mode) {
				t.Errorf("%s %s: exit %d, %q", op, mode, code, last)
			}
		}
	}
}

func TestAJobThatCannotBeWrittenDown(t *testing.T) {
	for text, job := range map[string]cmd.Job{
		"the job could not be written down: it panicked at mistakes_test.go:": func(*streaming.Context) error {
			var none *streaming.PIDRateEstimator
			fmt.Print(*none)
			return nil
		},
		"the job could not be written down: it has ended its goroutine": func(*streaming.Context) error { runtime.Goexit(); return nil },
		"print at mistakes_test.go:": func(s *streaming.Context) error {
			streaming.Events(s).Print()
			streaming.Stream[int]{}.Print()
			return nil
		},
	} {
		_, log, code := hibana(t, job, "-X", "embedded.listen=127.0.0.1:0")
		if last := lastLine(log); code == cmd.ExitOK || !strings.HasPrefix(last, "hibana: "+text) {
			t.Errorf("exit %d, %q, want %s", code, last, text)
		}
	}
}

func lastLine(text string) string {
	text = strings.TrimSpace(text)
	return text[strings.LastIndex(text, "\n")+1:]
}
