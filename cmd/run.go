package cmd

import (
	"context"
	"fmt"
	"time"

	"github.com/hibana-stream/hibana/actors/streaming"
)

// run is one life of the stream: from the configuration to the exit code. Strict is hibana run, which wants to be told where to read.
func (m *Main) run(flags *runFlags, strict bool) error {
	config, err := m.load(flags)
	if err != nil {
		return err
	}
	if err := config.checkStart(strict); err != nil {
		return &UsageError{err}
	}
	return m.live(config, flags)
}

// load reads the configuration, and shows its warnings.
func (m *Main) load(flags *runFlags) (*Config, error) {
	config, warnings, err := LoadConfig(LoadOptions{File: flags.configFile(), Overrides: flags.overrides, Env: m.Env})
	for _, w := range warnings {
		fmt.Fprintf(m.Stderr, "hibana: warning: %v\n", w)
	}
	return config, err
}

// live runs the stream until it ends by itself, is stopped, or is told to by a signal.
func (m *Main) live(config *Config, flags *runFlags) error {
	started := time.Now()
	defer m.relaxCollector(config.Memory.Records)()
	screen, err := newScreen(m, config)
	if err != nil {
		return err
	}
	defer screen.close()
	fmt.Fprintln(screen.notes, m.greeting(config))
	s, err := newStream(config, limits{batches: flags.batches, drain: flags.drain}, m.Network, screen.out, screen.log)
	if err != nil {
		return err
	}
	defer s.close()
	if err := s.context.Define(m.Job); err != nil {
		return err
	}
	if err := s.join(m.Behaviours); err != nil {
		return err
	}
	s.announce = func() {
		for _, line := range m.banner(s, screen) {
			fmt.Fprintln(screen.notes, line)
		}
	}
	var stop <-chan struct{}
	s.before = func(p *streaming.Program) error {
		stop = m.watchSignals(s)
		return s.preflight(p, stop)
	}
	if err := s.context.Start(); err != nil {
		return startFailure(config, err)
	}
	left := m.begin(s, screen)
	screen.log.Debug().Dur("after", time.Since(started)).Msg("started")
	return m.await(s, stop, left, flags.duration)
}

// begin starts what a run has besides the stream: the sample producer, the console.
func (m *Main) begin(s *stream, screen *screen) (left <-chan struct{}) {
	if rate := s.config.Embedded.Sample; s.broker != nil && rate > 0 && len(s.config.Topics) > 0 {
		s.sample = startSample(s.context.Go, s.system.Send, s.config.Topics[0], rate)
	}
	return m.beginConsole(s, screen)
}

// await waits for the end: the stream's own, a signal, a person who leaves the terminal, or the end of --for.
func (m *Main) await(s *stream, stop, left <-chan struct{}, duration time.Duration) error {
	var timeUp <-chan time.Time
	if duration > 0 {
		timer := time.NewTimer(duration)
		defer timer.Stop()
		timeUp = timer.C
	}
	select {
	case <-s.context.Done():
	case <-stop:
		_ = s.context.Stop(true) // its error is AwaitTermination's too
	case <-left:
		fmt.Fprintln(m.Stderr, "stopping: the last batch runs and is committed first")
		_ = s.context.Stop(true)
	case <-timeUp:
		_ = s.context.Stop(true)
	}
	return s.context.AwaitTermination()
}

// watchSignals closes the channel at the first signal; the second ends the process at once.
func (m *Main) watchSignals(s *stream) <-chan struct{} {
	stop := make(chan struct{})
	s.context.Go(func(ctx context.Context) {
		select {
		case <-ctx.Done():
			return
		case sig := <-m.Signals:
			s.log.Info().Msgf("%v: finishing the batch; once more ends at once", sig)
			close(stop)
		}
		select {
		case <-ctx.Done():
		case <-m.Signals:
			m.Exit(ExitInterrupted)
		}
	})
	return stop
}
