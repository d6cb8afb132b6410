package cmd

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// answer is what a command shows. In json it is one object: the fields, and an array for each table; in tsv a line for each
// field, and each table under a line of its keys; as a table a sentence, or the fields one a line, and the tables.
type answer struct {
	sentence string
	fields   []field
	tables   []table
}

// field is one named value.
type field struct {
	key, title string // the key for programs, the title for people; "" hides the field from either
	cell
}

// table is a list of rows with a cell for each column.
type table struct {
	key     string
	columns []column
	rows    [][]cell
	empty   string // what people read when there is no row
}

// column names cells as field does.
type column struct {
	key, title string
	right      bool
}

// cell is a value for programs and what people read.
type cell struct {
	value any
	text  string
}

func phrase(s string) cell { return cell{s, s} }

func count[N int | int32 | int64](n N) cell { return cell{n, fmt.Sprint(n)} }

func yesNo(b bool) cell { return cell{b, map[bool]string{true: "yes", false: "no"}[b]} }

// delay is milliseconds for programs.
func delay(d time.Duration) cell {
	return cell{float64(d.Microseconds()) / 1000, short(d)}
}

// short writes a duration with three digits at most.
func short(d time.Duration) string {
	switch {
	case d >= time.Minute:
		return d.Round(time.Second).String()
	case d >= time.Second:
		return d.Round(10 * time.Millisecond).String()
	case d >= time.Millisecond:
		return d.Round(100 * time.Microsecond).String()
	}
	return d.Round(time.Microsecond).String()
}

// moment is RFC 3339 for programs and the time of day for people.
func moment(t time.Time) cell {
	if t.IsZero() {
		return cell{nil, "-"}
	}
	return cell{t.Format(time.RFC3339Nano), clockTime(t)}
}

func clockTime(t time.Time) string { return t.Format("15:04:05.999") }

var outputFormats = []string{"table", "json", "tsv"}

func checkOutput(c *cobra.Command, _ []string) error {
	if format, _ := c.Flags().GetString("output"); !slices.Contains(outputFormats, format) {
		return &UsageError{unknownFormat(format)}
	}
	return nil
}

func unknownFormat(format string) error {
	return fmt.Errorf("unknown output format %q%s; the formats are %s",
		format, didYouMean(format, outputFormats), strings.Join(outputFormats, ", "))
}

// show writes the answer in the format that the line wants.
func show(c *cobra.Command, a answer) error {
	format, _ := c.Flags().GetString("output")
	color, _ := c.Flags().GetBool("color")
	var b strings.Builder
	switch format {
	case "json":
		writeJSON(&b, a)
	case "tsv":
		writeTSV(&b, a)
	default:
		writeTable(&b, a, color)
	}
	_, err := io.WriteString(c.OutOrStdout(), b.String())
	return err
}
