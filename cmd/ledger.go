package cmd

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/hibana-stream/hibana/actors/checkpoint"
	"github.com/hibana-stream/hibana/messages"
)

// newLedgerCommand is hibana ledger: what the account of the batches proves.
func newLedgerCommand(m *Main, flags *runFlags) *cobra.Command {
	c := &cobra.Command{
		Use:   "ledger",
		Short: "Check the account of the batches, and find a record in it",
		Long: "Every batch is a line in its instance's ledger, in the folder that the settings ledger or checkpoint name.\n" +
			"Without FOLDERs the configured one is read; a group's instances may have one each.",
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	l := &ledgers{main: m, flags: flags}
	c.PersistentFlags().StringVar(&l.group, "group", "", "only batches of this `group` (default: kafka.group.id, or all that are there)")
	c.AddCommand(l.verifyCommand(), l.explainCommand())
	return c
}

// ledgers are the folders and the group that a command is about.
type ledgers struct {
	main  *Main
	flags *runFlags
	group string
}

func (l *ledgers) verifyCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "verify [FOLDER…]",
		Short: "Say whether the batches cover every partition without a gap and without an overlap",
		Long: "verify reads the ledgers of all instances of a group, and says for each partition whether every batch begins where the one\n" +
			"before ended, and the last one ends at the committed offset, when the cluster answers. Exit code 1 on a gap or an overlap.",
		Example: "  hibana ledger verify ledger\n  hibana ledger verify one/ledger two/ledger --group counts -f config.yaml",
		RunE:    func(c *cobra.Command, folders []string) error { return l.verify(c.OutOrStdout(), folders) },
	}
}

func (l *ledgers) explainCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "explain TOPIC:PARTITION:OFFSET [FOLDER…]",
		Short:   "Say which batches a record was in, on which instance, and what became of their outputs",
		Example: "  hibana ledger explain events:0:1042 ledger",
		Args:    usageArgs(cobra.MinimumNArgs(1)),
		RunE: func(c *cobra.Command, args []string) error {
			place, err := parsePlace(args[0])
			if err != nil {
				return &UsageError{err}
			}
			return l.explain(c.OutOrStdout(), place, args[1:])
		},
	}
}

// verify prints a verdict for each group; the error is errReported when one of them is not contiguous.
func (l *ledgers) verify(w io.Writer, folders []string) error {
	account, err := l.open(folders)
	if err != nil {
		return err
	}
	var failed error
	for _, group := range account.groups {
		batches, since := account.history.Complete(group)
		verdict := checkpoint.Verify(batches, account.committed[group])
		if _, err := fmt.Fprintf(w, "group %s%s\n%s", group, account.compared(group), verdict); err != nil {
			return err
		}
		if !since.IsZero() {
			fmt.Fprintf(w, "before %s lines were rotated away: earlier batches are not judged\n", stampOf(since))
		}
		if !verdict.OK() {
			failed = errReported
		}
	}
	return failed
}

// explain prints the batches that read a record; the error is errReported when there is none.
func (l *ledgers) explain(w io.Writer, place messages.Place, folders []string) error {
	account, err := l.open(folders, place.TopicPartition)
	if err != nil {
		return err
	}
	failed := errReported
	for _, group := range account.groups {
		explanation := checkpoint.Explain(account.history.Of(group), place)
		if len(explanation.Runs()) > 0 {
			failed = nil
		}
		if _, err := fmt.Fprintf(w, "group %s\n%s%s", group, explanation, account.standing(group, place)); err != nil {
			return err
		}
	}
	return failed
}

// parsePlace reads topic:partition:offset, as errors and reports write it.
func parsePlace(text string) (place messages.Place, err error) {
	parts := strings.Split(text, ":")
	if len(parts) != 3 || parts[0] == "" {
		return place, fmt.Errorf("%q is no TOPIC:PARTITION:OFFSET, such as events:0:1042", text)
	}
	partition, err := strconv.ParseInt(parts[1], 10, 32)
	if err != nil || partition < 0 {
		return place, fmt.Errorf("%q: the partition %q is no number from 0 on", text, parts[1])
	}
	offset, err := strconv.ParseInt(parts[2], 10, 64)
	if err != nil || offset < 0 {
		return place, fmt.Errorf("%q: the offset %q is no number from 0 on", text, parts[2])
	}
	return messages.Place{TopicPartition: messages.TopicPartition{Topic: parts[0], Partition: int32(partition)}, Offset: offset}, nil
}
