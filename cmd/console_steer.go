package cmd

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/hibana-stream/hibana/messages"
)

func pauseCommand(c Control) *cobra.Command {
	return steerCommand(c, true, &cobra.Command{
		Use: "pause", Short: "Stop reading and cutting at the next batch's boundary",
		Long: "pause lets the batch that is filling finish and begins no other until resume; nothing is fetched meanwhile.\n" +
			"It answers at once with the first batch that waits; with --wait when the batches before it have run.",
		Example: "  pause\n  pause --wait",
	})
}

func resumeCommand(c Control) *cobra.Command {
	return steerCommand(c, false, &cobra.Command{
		Use: "resume", Short: "Go on after pause",
		Long: "resume goes on where pause stopped: nothing was lost, and nothing is read twice.\n" +
			"It answers at once with the first batch that runs again; with --wait when that batch fills.",
		Example: "  resume\n  resume --wait",
	})
}

func steerCommand(c Control, on bool, cmd *cobra.Command) *cobra.Command {
	wait := cmd.Flags().Bool("wait", false, "return when it has taken effect")
	cmd.Args = noArgs
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		ctx, cancel := answering(cmd)
		defer cancel()
		accepted, err := c.Pause(ctx, on)
		if err != nil {
			return err
		}
		if *wait {
			err := await(cmd.Context(), func(ctx context.Context) (bool, error) { return inEffect(ctx, c, on, accepted) })
			if err != nil {
				return err
			}
		}
		return show(cmd, acceptedAnswer(cmd.Name(), on, *wait, accepted))
	}
	return cmd
}

func acceptedAnswer(command string, on, waited bool, a messages.Accepted) answer {
	a.Time = known(a.Time)
	sentence := fmt.Sprintf("resumes with batch %d", a.Batch)
	if on {
		sentence = fmt.Sprintf("pauses at the boundary before batch %d (%s); resume goes on", a.Batch, moment(a.Time).text)
	}
	return answer{sentence: sentence, fields: []field{
		{"command", "", phrase(command)}, {"batch", "", count(a.Batch)}, {"time", "", moment(a.Time)}, {"in_effect", "", yesNo(waited)},
	}}
}

// await asks again and again until what was accepted is in effect: there is no message for it, and nobody waits often.
func await(ctx context.Context, inEffect func(context.Context) (bool, error)) error {
	ctx, cancel := context.WithTimeoutCause(ctx, waitWithin,
		fmt.Errorf("accepted, but not in effect after %v: %w; status says what the stream does", waitWithin, context.DeadlineExceeded))
	defer cancel()
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for {
		if now, err := inEffect(ctx); now || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-ticker.C:
		}
	}
}

// inEffect tells whether the stream is paused and the batches before that have run, or that it is not paused.
func inEffect(ctx context.Context, c Control, on bool, accepted messages.Accepted) (bool, error) {
	s, err := c.Status(ctx)
	if err != nil || !on {
		return err == nil && s.State != "paused", err
	}
	ran, err := ranBefore(ctx, c, accepted)
	return ran && s.State == "paused", err
}

func stopCommand(c Control) *cobra.Command {
	var now, wait bool
	cmd := &cobra.Command{
		Use: "stop", Short: "End the stream",
		Long: "stop cuts what has been read as a last batch, runs and commits it, and ends the program.\n" +
			"With --now nothing more is run: what is not committed is read again by the next start. With --wait it returns at the end.",
		Example: "  stop\n  stop --now",
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c.Stop(!now)
			if err := show(cmd, stopAnswer(!now)); err != nil || !wait {
				return err
			}
			return errEnd
		},
	}
	cmd.Flags().BoolVar(&now, "now", false, "run no further batch")
	cmd.Flags().BoolVar(&wait, "wait", false, "return when the stream has ended")
	return cmd
}

func stopAnswer(graceful bool) answer {
	sentence := "stopping: the last batch runs and is committed first"
	if !graceful {
		sentence = "stopping now: what is not committed is read again by the next start"
	}
	return answer{sentence: sentence, fields: []field{{"command", "", phrase("stop")}, {"graceful", "", yesNo(graceful)}}}
}

func exitCommand() *cobra.Command {
	return &cobra.Command{
		Use: "exit", Aliases: []string{"quit"}, Short: "Leave the console",
		Long: "exit leaves the console. In a console that is attached with hibana repl the stream goes on;\n" +
			"in the terminal that hibana was started in, the stream ends as with stop.",
		Example: "  exit\n  quit",
		Args:    noArgs,
		RunE:    func(*cobra.Command, []string) error { return errLeave },
	}
}
