package cmd

import (
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/hibana-stream/hibana/messages"
)

func statusCommand(c Control) *cobra.Command {
	return &cobra.Command{
		Use: "status", Short: "Where the stream stands: state, totals, partitions",
		Long: "status shows what the stream does or waits for, what it has done since its start, and each partition:\n" +
			"next is the offset behind the last batch, end the partition's end as last heard, lag the difference.",
		Example: "  status\n  status -o json",
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, cancel := answering(cmd)
			defer cancel()
			s, err := c.Status(ctx)
			if err != nil {
				return err
			}
			return show(cmd, statusAnswer(s))
		},
	}
}

func statusAnswer(s messages.Status) answer {
	state := cell{s.State, s.State}
	if s.Waits != "" {
		state.text += ": " + s.Waits
	}
	return answer{
		fields: []field{
			{"state", "state", state}, {"waits_for", "", phrase(s.Waits)},
			{"instance", "instance", phrase(s.Instance)}, {"group", "group", phrase(s.Group)},
			{"interval_ms", "interval", cell{s.Interval.Milliseconds(), s.Interval.String()}},
			{"started", "", moment(s.Started)}, {"uptime_ms", "uptime", uptime(s.Started)},
			{"batches", "batches", count(s.Batches)}, {"failed", "failed", count(s.Failed)},
			{"records", "records", count(s.Records)}, {"rejects", "rejects", count(s.Rejects)},
			{"rate_max_per_partition", "rate", rateCell(s.MaxPerPartition)},
			{"next_batch", "next", moment(s.Next)},
		},
		tables: []table{partitionTable(s)},
	}
}

func uptime(started time.Time) cell {
	d := time.Since(started).Round(time.Millisecond)
	return cell{d.Milliseconds(), d.Round(time.Second).String()}
}

func partitionTable(s messages.Status) table {
	t := table{
		key: "partitions", empty: "no partition is assigned yet",
		columns: []column{
			{"topic", "", false}, {"partition", "", false}, {"", "PARTITION", false},
			{"next", "NEXT", true}, {"end", "END", true}, {"lag", "LAG", true}, {"state", "STATE", false},
		},
	}
	for p := range s.Partitions() {
		t.rows = append(t.rows, []cell{
			phrase(p.Topic), count(p.Partition), phrase(p.TopicPartition.String()),
			count(p.Next), count(p.End), count(max(p.End-p.Next, 0)), phrase(p.State),
		})
	}
	return t
}

func actorsCommand(c Control) *cobra.Command {
	return &cobra.Command{
		Use: "actors", Short: "The tree of living actors",
		Long:    "actors lists the living actors, each under the one that supervises it.",
		Example: "  actors\n  actors -o tsv",
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return show(cmd, answer{tables: []table{actorTable(c.Actors())}})
		},
	}
}

func actorTable(paths []string) table {
	t := table{key: "actors", empty: "no actor is alive", columns: []column{{"path", "", false}, {"", "ACTOR", false}}}
	for _, path := range slices.SortedFunc(slices.Values(paths), byNumber) {
		depth := strings.Count(path, "/")
		name := path[strings.LastIndexByte(path, '/')+1:]
		t.rows = append(t.rows, []cell{phrase(path), phrase(strings.Repeat("  ", depth) + name)})
	}
	return t
}

// byNumber orders names as people do: events-2 before events-10.
func byNumber(a, b string) int {
	for a != "" && b != "" {
		x, y := leadingNumber(a), leadingNumber(b)
		switch {
		case x != "" && y != "" && len(x) != len(y):
			return len(x) - len(y)
		case x != "" && y != "" && x != y:
			return strings.Compare(x, y)
		case x != "" && y != "":
			a, b = a[len(x):], b[len(y):]
		case a[0] != b[0]:
			return int(a[0]) - int(b[0])
		default:
			a, b = a[1:], b[1:]
		}
	}
	return len(a) - len(b)
}

func leadingNumber(s string) string {
	return s[:len(s)-len(strings.TrimLeft(s, "0123456789"))]
}

func versionCommand() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "The version of the running hibana",
		Long:    "version shows the versions of the hibana that runs the stream and of the Go it was built with.",
		Example: "  version\n  version -o json",
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return show(cmd, answer{
				sentence: "hibana " + version() + " (" + runtime.Version() + ")",
				fields:   []field{{"version", "version", phrase(version())}, {"go", "go", phrase(runtime.Version())}},
			})
		},
	}
}
