package cmd

import (
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"
)

// newConfigCommand is hibana config: what a configuration says, without running it.
func newConfigCommand(m *Main, flags *runFlags) *cobra.Command {
	c := &cobra.Command{
		Use:   "config",
		Short: "Check and show the configuration",
		Long: "The configuration comes from -X, the environment (HIBANA_INTERVAL, HIBANA_KAFKA_GROUP_ID), the file and the defaults;\n" +
			"what is named first here wins. A text may hold ${env:NAME} or ${file:/path}; such a value is never shown.",
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(newCheckCommand(m, flags), newShowCommand(m, flags), newSchemaCommand())
	return c
}

func newCheckCommand(m *Main, flags *runFlags) *cobra.Command {
	return &cobra.Command{
		Use:     "check",
		Short:   "Say everything that is wrong with the configuration",
		Example: "  hibana config check\n  hibana config check -f config.yaml -X interval=500ms",
		Args:    noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			config, err := m.load(flags)
			if err == nil {
				err = config.checkStart(false)
			}
			if err != nil {
				return err
			}
			where := flags.configFile()
			if where == "" {
				where = "no file"
			}
			_, err = fmt.Fprintf(c.OutOrStdout(), "ok: %s, %d settings\n", where, len(config.Keys()))
			return err
		},
	}
}

func newShowCommand(m *Main, flags *runFlags) *cobra.Command {
	var origin bool
	var format string
	c := &cobra.Command{
		Use:     "show",
		Short:   "Print every key with its effective value",
		Long:    "show prints every key with its effective value. Values that came by ${…} and passwords are shown as " + mask + ".",
		Example: "  hibana config show\n  hibana config show --origin\n  hibana config show -o json",
		Args:    noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			write, ok := showFormats[format]
			if !ok {
				return &UsageError{fmt.Errorf("-o %s: accepted: table, yaml, json", format)}
			}
			config, err := m.load(flags)
			if err != nil {
				return err
			}
			return write(c.OutOrStdout(), config.shown(), origin)
		},
	}
	c.Flags().BoolVar(&origin, "origin", false, "say where each value comes from")
	c.Flags().StringVarP(&format, "output", "o", "table", "`format`: table, yaml, json")
	_ = c.RegisterFlagCompletionFunc("output", cobra.FixedCompletions([]string{"table", "yaml", "json"}, cobra.ShellCompDirectiveNoFileComp))
	return c
}

func newSchemaCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "schema",
		Short:   "Print the JSON schema of the configuration file, for editors",
		Example: "  hibana config schema > config.schema.json",
		Args:    noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			encoder := json.NewEncoder(c.OutOrStdout())
			encoder.SetIndent("", "  ")
			encoder.SetEscapeHTML(false)
			return encoder.Encode(configSchema())
		},
	}
}
