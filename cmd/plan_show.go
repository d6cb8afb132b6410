package cmd

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
)

// writePlan prints a plan in words and tables. It is for people: a script takes -o json.
func writePlan(w io.Writer, p *plan) error {
	var text strings.Builder
	p.writeHead(&text)
	p.writeMembers(&text)
	p.writePartitions(&text)
	p.writeTopics(&text)
	p.writeRights(&text)
	for _, note := range p.Notes {
		fmt.Fprintf(&text, "note: %s\n", note)
	}
	text.WriteString("Nothing was joined, created or written.\n")
	_, err := io.WriteString(w, text.String())
	return err
}

func columns(w io.Writer, rows [][]string) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		_, _ = fmt.Fprintln(t, strings.Join(row, "\t"))
	}
	_ = t.Flush()
}

func (p *plan) writeHead(w io.Writer) {
	columns(w, [][]string{
		{"cluster", p.Cluster},
		{"user", p.Principal},
		{"group", p.Group + " (" + stateInWords(p.State) + ")"},
		{"instance", p.Instance},
		{"interval", p.Interval},
		{"delivery", p.Delivery},
		{"checkpoint", p.Checkpoint},
		{"outputs", strings.Join(p.Outputs, ", ")},
	})
}

// stateInWords puts Kafka's word for a group without members in words that say so; the others are words.
func stateInWords(state string) string {
	if state == "Empty" {
		return "no member now"
	}
	return state
}

func (p *plan) writeMembers(w io.Writer) {
	if len(p.Members) == 0 {
		return
	}
	rows := [][]string{{"MEMBER NOW", "CLIENT", "HOST", "PARTITIONS"}}
	for _, m := range p.Members {
		rows = append(rows, []string{m.Member, m.Client, m.Host, fmt.Sprint(m.Partitions)})
	}
	_, _ = fmt.Fprintln(w)
	columns(w, rows)
}

func (p *plan) writePartitions(w io.Writer) {
	if len(p.Partitions) == 0 {
		return
	}
	rows := [][]string{{"PARTITION", "START", "END", "LAG", "BEHIND", "WHY"}}
	var lag int64
	var age float64
	for _, r := range p.Partitions {
		rows = append(rows, []string{r.key().String(), startOf(r), fmt.Sprint(r.End), fmt.Sprint(r.Lag), ageOf(r.LagSeconds), r.Why})
		lag, age = lag+r.Lag, max(age, r.LagSeconds)
	}
	_, _ = fmt.Fprintln(w)
	columns(w, rows)
	if lag == 0 {
		_, _ = fmt.Fprintln(w, "lag: none")
		return
	}
	_, _ = fmt.Fprintf(w, "lag: %d records, the oldest of them %s\n", lag, ageOf(age))
}

func startOf(p planPartition) string {
	if p.From < 0 {
		return "none"
	}
	return fmt.Sprint(p.From)
}

// ageOf is a duration to two digits or so: it is not known better.
func ageOf(seconds float64) string {
	d := time.Duration(seconds * float64(time.Second))
	switch {
	case d == 0:
		return "0s"
	case d <= time.Second:
		return "1s"
	case d < 2*time.Minute:
		return "about " + d.Round(time.Second).String()
	case d < 48*time.Hour:
		return "about " + strings.TrimSuffix(d.Round(time.Minute).String(), "0s")
	}
	return fmt.Sprintf("about %.0f days", d.Hours()/24)
}

func (p *plan) writeTopics(w io.Writer) {
	for _, list := range []struct {
		head   string
		topics []planTopic
	}{{"would create", p.Creates}, {"would write", p.Writes}} {
		rows := make([][]string, 0, len(list.topics))
		for _, t := range list.topics {
			rows = append(rows, []string{"  " + t.Topic, t.Why})
		}
		if len(rows) == 0 {
			rows = append(rows, []string{"  nothing"})
		}
		_, _ = fmt.Fprintf(w, "\n%s\n", list.head)
		columns(w, rows)
	}
}

func (p *plan) writeRights(w io.Writer) {
	if len(p.Rights) == 0 {
		_, _ = fmt.Fprintln(w)
		return
	}
	rows := [][]string{{"RIGHT NEEDED", "ON", "GRANTED"}}
	for _, r := range p.Rights {
		rows = append(rows, []string{r.Right, fmt.Sprintf("%s %q", r.Resource, r.Name), r.Granted})
	}
	_, _ = fmt.Fprintln(w)
	columns(w, rows)
	_, _ = fmt.Fprintln(w)
}
