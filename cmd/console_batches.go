package cmd

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/hibana-stream/hibana/messages"
)

func batchesCommand(c Control) *cobra.Command {
	var n int
	cmd := &cobra.Command{
		Use: "batches", Short: "The last batches: records, delays, outputs, errors",
		Long: "batches lists the last batches, the oldest first. Scheduling is the wait between the clock's tick and the start,\n" +
			"processing the work, total both; the stream keeps up while processing takes less than the interval.",
		Example: "  batches -n 5\n  batches -o tsv",
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if n < 0 {
				return &UsageError{fmt.Errorf("batches: -n %d is negative; -n 0 lists all that are remembered", n)}
			}
			ctx, cancel := answering(cmd)
			defer cancel()
			b, err := c.Batches(ctx, n)
			if err != nil {
				return err
			}
			return show(cmd, answer{tables: []table{batchTable(b)}})
		},
	}
	cmd.Flags().IntVarP(&n, "last", "n", 20, "how many; 0 is all that are remembered")
	return cmd
}

func batchTable(b messages.Batches) table {
	t := table{
		key: "batches", empty: "no batch has run yet; status says what the stream waits for",
		columns: []column{
			{"batch", "BATCH", true}, {"time", "TIME", false}, {"time_ms", "", false}, {"records", "RECORDS", true},
			{"rejects", "", true}, {"scheduling_delay_ms", "SCHEDULING", true}, {"processing_delay_ms", "PROCESSING", true},
			{"total_delay_ms", "TOTAL", true}, {"outputs_ok", "", false}, {"outputs", "", false}, {"", "OUTPUTS", true},
			{"attempt", "ATTEMPT", true}, {"committed", "", false}, {"rerun", "", false}, {"skipped", "", false}, {"error", "ERROR", false},
		},
	}
	for r := range b.Reports() {
		ok, all := outputsOf(r)
		t.rows = append(t.rows, []cell{
			count(r.Batch), moment(r.Time), count(r.Time.UnixMilli()), count(r.Records),
			count(r.Rejects), delay(r.SchedulingDelay()), delay(r.ProcessingDelay()),
			delay(r.TotalDelay()), count(ok), count(all), phrase(fmt.Sprintf("%d/%d", ok, all)),
			count(r.Attempt), yesNo(r.Committed), yesNo(r.Rerun), yesNo(r.Skipped), phrase(r.Err),
		})
	}
	return t
}

func outputsOf(r messages.BatchReport) (ok, all int) {
	for o := range r.OutputReports() {
		if all++; o.Err == "" {
			ok++
		}
	}
	return ok, all
}

func batchCommand(c Control) *cobra.Command {
	return &cobra.Command{
		Use: "batch TIME", Short: "One batch: ranges by partition, stages, outputs",
		Long: "batch shows one of the batches that are remembered. TIME is its time as batches shows it (15:04:05), in RFC 3339,\n" +
			"or in milliseconds as print shows it; its number and the word last will do as well.",
		Example: "  batch last\n  batch 1 -o json",
		Args:    oneArg("TIME", "batches lists the times"),
		ValidArgsFunction: func(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			return completeBatches(cmd.Context(), c, args), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx, cancel := answering(cmd)
			defer cancel()
			b, err := c.Batches(ctx, 0)
			if err != nil {
				return err
			}
			r, err := findBatch(b, args[0])
			if err != nil {
				return err
			}
			return show(cmd, reportAnswer(r))
		},
	}
}

// findBatch finds the newest batch that a word names.
func findBatch(b messages.Batches, word string) (messages.BatchReport, error) {
	all := slices.Collect(b.Reports())
	if len(all) == 0 {
		return messages.BatchReport{}, fmt.Errorf("no batch has run yet; status says what the stream waits for")
	}
	for _, r := range slices.Backward(all) {
		if word == "last" || namesBatch(word, r) {
			return r, nil
		}
	}
	first, last := all[0], all[len(all)-1]
	return messages.BatchReport{}, fmt.Errorf("no batch %s; remembered are %d (%s) to %d (%s), and batches lists them",
		word, first.Batch, clockTime(first.Time), last.Batch, clockTime(last.Time))
}

func namesBatch(word string, r messages.BatchReport) bool {
	if n, err := strconv.ParseInt(word, 10, 64); err == nil {
		return n == r.Batch || n == r.Time.UnixMilli()
	}
	if t, err := time.Parse(time.RFC3339, word); err == nil {
		return t.Equal(r.Time)
	}
	return word == clockTime(r.Time)
}

func completeBatches(ctx context.Context, c Control, args []string) []string {
	if len(args) > 0 {
		return nil
	}
	words := []string{"last\tthe newest"}
	b, err := c.Batches(ctx, 20)
	if err != nil {
		return words
	}
	for r := range b.Reports() {
		words = append(words, fmt.Sprintf("%s\tbatch %d, %d records", clockTime(r.Time), r.Batch, r.Records))
	}
	return words
}
