package cmd

import (
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"
)

// runFlags are the flags of hibana and hibana run.
type runFlags struct {
	file      string
	overrides []string
	batches   int
	duration  time.Duration
	drain     bool
}

func (f *runFlags) add(c *cobra.Command) {
	c.Flags().IntVar(&f.batches, "batches", 0, "end after `N` batches")
	c.Flags().DurationVar(&f.duration, "for", 0, "end after a `duration`")
	c.Flags().BoolVar(&f.drain, "drain", false, "process everything that is in the topics now, then end")
	c.MarkFlagsMutuallyExclusive("batches", "for", "drain")
}

// limited refuses a limit that no run could reach.
func (f *runFlags) limited(c *cobra.Command, _ []string) error {
	switch {
	case c.Flags().Changed("batches") && f.batches <= 0:
		return &UsageError{fmt.Errorf("--batches takes a whole number from 1 on, and got %d", f.batches)}
	case c.Flags().Changed("for") && f.duration <= 0:
		return &UsageError{fmt.Errorf("--for takes a duration above 0, such as 10s, and got %v", f.duration)}
	}
	return nil
}

// rootCommand is the command tree. hibana alone runs on the embedded broker unless a configuration says otherwise;
// hibana run wants to be told.
func (m *Main) rootCommand() *cobra.Command {
	flags := &runFlags{}
	root := &cobra.Command{
		Use:   "hibana",
		Short: "Spark-style micro-batches over Kafka, in one small program",
		Long: "hibana cuts Kafka topics into micro-batches and runs a job on each of them.\n" +
			"Without arguments it runs on a broker of its own, with a sample producer.",
		Example:       "  hibana\n  hibana --batches 3\n  hibana run -X kafka.bootstrap.servers=broker:9092 -X kafka.group.id=counts -X topics=orders",
		Args:          noArguments,
		SilenceUsage:  true,
		SilenceErrors: true,
		Version:       version(),
		PreRunE:       flags.limited,
		RunE:          func(*cobra.Command, []string) error { return m.run(flags, false) },
	}
	root.PersistentFlags().StringVarP(&flags.file, "file", "f", "", "configuration `file` (default: config.yaml of this folder, if there is one)")
	root.PersistentFlags().StringArrayVarP(&flags.overrides, "set", "X", nil, "set `key=value`; wins over environment and file")
	root.SetFlagErrorFunc(wrongFlag)
	flags.add(root)
	root.AddCommand(m.runCommand(flags), newConfigCommand(m, flags), newReplCommand(m, flags), newLedgerCommand(m, flags), newPlanCommand(m, flags))
	root.AddCommand(newNewCommand())
	root.CompletionOptions.HiddenDefaultCmd = true
	return root
}

func (m *Main) runCommand(flags *runFlags) *cobra.Command {
	c := &cobra.Command{
		Use:   "run",
		Short: "Run the job on your own cluster",
		Long:  "run needs kafka.bootstrap.servers to be set somewhere (embedded is a value) and, unless embedded, kafka.group.id.",
		Example: "  hibana run -f config.yaml\n" +
			"  hibana run -X kafka.bootstrap.servers=broker:9092 -X kafka.group.id=counts -X 'topics=[orders]' --drain",
		Args:    noArguments,
		PreRunE: flags.limited,
		RunE:    func(*cobra.Command, []string) error { return m.run(flags, true) },
	}
	flags.add(c)
	return c
}

// configFile is the file to read: the one that was named, or config.yaml of the current folder. One that ends in .yml was meant to be
// read as well: without it a run would be one on the embedded broker.
func (f *runFlags) configFile() string {
	if f.file != "" {
		return f.file
	}
	for _, name := range []string{"config.yaml", "config.yml"} {
		if _, err := os.Stat(name); err == nil {
			return name
		}
	}
	return ""
}
