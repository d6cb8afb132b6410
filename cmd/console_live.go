package cmd

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/hibana-stream/hibana/messages"
)

// rateKey and levelKey are the settings that the console changes while the stream runs.
const (
	rateKey  = "rate.max.per.partition"
	levelKey = "log.level"
)

func rateCommand(c Control) *cobra.Command {
	var wait bool
	cmd := &cobra.Command{
		Use: "rate [N]", Short: "Show or change the records a second of a partition",
		Long: "rate changes " + rateKey + " until the program ends: N records a second and partition, 0 for no limit.\n" +
			"It answers at once with the first batch that obeys, the one behind the batch that fills; with --wait when that one fills.\n" +
			"Without N it shows the rate.",
		Example: "  rate 1000\n  rate 0 --wait",
		Args:    atMostOne("N", "a number of records a second, such as 1000"),
		ValidArgsFunction: firstArgument(func() []string {
			return []string{"0\tno limit", "100\trecords a second and partition", "1000\trecords a second and partition", "10000\trecords a second and partition"}
		}),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return showRate(cmd, c)
			}
			return changeRate(cmd, c, args[0], wait)
		},
	}
	cmd.Flags().BoolVar(&wait, "wait", false, "return when it has taken effect")
	return cmd
}

func showRate(cmd *cobra.Command, c Control) error {
	ctx, cancel := answering(cmd)
	defer cancel()
	s, err := c.Status(ctx)
	if err != nil {
		return err
	}
	return show(cmd, answer{sentence: rateCell(s.MaxPerPartition).text, fields: []field{{"rate_max_per_partition", "", rateCell(s.MaxPerPartition)}}})
}

// rateCell is records a second and partition.
func rateCell(perSecond float64) cell {
	if perSecond <= 0 {
		return cell{0, "no limit"}
	}
	return cell{perSecond, strconv.FormatFloat(perSecond, 'f', -1, 64) + " records a second and partition"}
}

func changeRate(cmd *cobra.Command, c Control, text string, wait bool) error {
	var wanted Config
	if err := rowOf(rateKey).kind.set(&wanted, []string{text}); err != nil {
		return &UsageError{fmt.Errorf("rate: %w; accepted: %s", err, rowOf(rateKey).kind.accepted)}
	}
	ctx, cancel := answering(cmd)
	defer cancel()
	accepted, err := c.Limit(ctx, wanted.Rate.MaxPerPartition)
	if err == nil && wait {
		err = await(cmd.Context(), func(ctx context.Context) (bool, error) { return ranBefore(ctx, c, accepted) })
	}
	if err != nil {
		return err
	}
	limit := rateCell(wanted.Rate.MaxPerPartition)
	return show(cmd, answer{
		sentence: fmt.Sprintf("%s from batch %d (%s) on", limit.text, accepted.Batch, moment(known(accepted.Time)).text),
		fields: []field{
			{"command", "", phrase("rate")}, {"rate_max_per_partition", "", limit}, {"batch", "", count(accepted.Batch)},
			{"time", "", moment(known(accepted.Time))}, {"in_effect", "", yesNo(wait)},
		},
	})
}

// known is no time for a batch before the first, whose time nobody knows.
func known(t time.Time) time.Time {
	if t.Year() < 1970 {
		return time.Time{}
	}
	return t
}

// ranBefore tells whether all batches before the accepted one have run.
func ranBefore(ctx context.Context, c Control, accepted messages.Accepted) (bool, error) {
	last, err := c.Batches(ctx, 1)
	ran := accepted.Batch == 1
	for r := range last.Reports() {
		ran = ran || r.Batch >= accepted.Batch-1
	}
	return ran, err
}

func logCommand(c Control) *cobra.Command {
	return &cobra.Command{
		Use: "log [LEVEL]", Short: "Show or change the level of the log",
		Long: "log changes " + levelKey + " until the program ends: " + rowOf(levelKey).kind.accepted + ". It takes effect at once.\n" +
			"Without LEVEL it shows the level.",
		Example:           "  log debug\n  log",
		Args:              atMostOne("LEVEL", "one of "+rowOf(levelKey).kind.accepted),
		ValidArgsFunction: firstArgument(logLevels),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				if !slices.Contains(logLevels(), args[0]) {
					return &UsageError{fmt.Errorf("log: %q is not known%s; accepted: %s", args[0], didYouMean(args[0], logLevels()), rowOf(levelKey).kind.accepted)}
				}
				c.SetLogLevel(args[0])
			}
			return show(cmd, answer{sentence: c.LogLevel(), fields: []field{{"log_level", "", phrase(c.LogLevel())}}})
		},
	}
}

func logLevels() []string { return strings.Split(rowOf(levelKey).kind.accepted, ", ") }

// rowOf is the row of a key that is there.
func rowOf(key string) setting {
	s, _ := settingOf(key)
	return s
}

// firstArgument completes the first argument and no other.
func firstArgument(candidates func() []string) func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return candidates(), cobra.ShellCompDirectiveNoFileComp
	}
}

// atMostOne permits one argument, and says what it is.
func atMostOne(name, hint string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) < 2 {
			return nil
		}
		return &UsageError{fmt.Errorf("%s takes one %s, not %d: %s", c.Name(), name, len(args), hint)}
	}
}
