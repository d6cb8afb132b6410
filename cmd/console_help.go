package cmd

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

func helpCommand() *cobra.Command {
	return &cobra.Command{
		Use: "help [COMMAND]", Short: "The commands, or one of them with its flags and examples",
		Long:    "help lists the commands; with one of them it shows its flags and examples. A question mark does the same: batches ?",
		Example: "  help\n  help send",
		ValidArgsFunction: func(c *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return commandNames(c), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return showHelp(c.Root())
			}
			about, _, err := c.Root().Find(args)
			if err != nil || about == c.Root() {
				return unknownCommand(c, args)
			}
			return showHelp(about)
		},
	}
}

func showHelp(c *cobra.Command) error {
	if c == c.Root() {
		return show(c, answer{tables: []table{commandTable(c)}})
	}
	return show(c, answer{
		sentence: helpText(c),
		fields: []field{
			{"command", "", phrase(c.Name())}, {"usage", "", phrase(usageLine(c))}, {"about", "", phrase(c.Long)},
			{"examples", "", cell{examples(c), ""}},
		},
		tables: nil,
	})
}

func commandTable(root *cobra.Command) table {
	t := table{key: "commands", columns: []column{{"command", "COMMAND", false}, {"about", "", false}, {"", "help COMMAND shows its flags and examples", false}}}
	for _, c := range root.Commands() {
		if !c.Hidden {
			t.rows = append(t.rows, []cell{phrase(c.Use), phrase(c.Short), phrase(c.Short)})
		}
	}
	return t
}

func usageLine(c *cobra.Command) string {
	name, args, _ := strings.Cut(c.Use, " ")
	return strings.TrimRight(name+" [flags] "+args, " ")
}

func examples(c *cobra.Command) []string {
	var all []string
	for line := range strings.Lines(c.Example) {
		all = append(all, strings.TrimSpace(line))
	}
	return all
}

func helpText(c *cobra.Command) string {
	return fmt.Sprintf("%s\n\n  %s\n\nflags:\n%s\nexamples:\n  %s",
		folded(c.Long), usageLine(c), flagUsages(c), strings.Join(examples(c), "\n  "))
}

func flagUsages(c *cobra.Command) string {
	if help := c.Flags().Lookup("help"); help != nil {
		help.Hidden = true // it is what shows this
	}
	all := pflag.NewFlagSet(c.Name(), pflag.ContinueOnError) // one set, so that the columns are aligned
	all.AddFlagSet(c.LocalFlags())
	all.AddFlagSet(c.InheritedFlags())
	return all.FlagUsagesWrapped(helpWidth)
}

// helpWidth is what every terminal shows in one line, its prompt aside.
const helpWidth = 78

// folded fills lines of helpWidth with the words of a text.
func folded(text string) string {
	var b strings.Builder
	column := 0
	for _, word := range strings.Fields(text) {
		width := utf8.RuneCountInString(word)
		switch {
		case column == 0:
		case column+1+width > helpWidth:
			b.WriteByte('\n')
			column = 0
		default:
			b.WriteByte(' ')
			column++
		}
		b.WriteString(word)
		column += width
	}
	return b.String()
}
