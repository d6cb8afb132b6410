package cmd

import (
	"fmt"

	"github.com/hibana-stream/hibana/messages"
)

// reportAnswer shows one batch whole.
func reportAnswer(r messages.BatchReport) answer {
	return answer{
		fields: []field{
			{"batch", "batch", count(r.Batch)}, {"attempt", "attempt", count(r.Attempt)},
			{"time", "time", cell{moment(r.Time).value, fmt.Sprintf("%s (%d ms)", clockTime(r.Time), r.Time.UnixMilli())}},
			{"time_ms", "", count(r.Time.UnixMilli())}, {"instance", "instance", phrase(r.Instance)}, {"group", "", phrase(r.Group)},
			{"records", "records", count(r.Records)}, {"rejects", "rejects", count(r.Rejects)},
			{"scheduling_delay_ms", "scheduling", delay(r.SchedulingDelay())},
			{"processing_delay_ms", "processing", cell{delay(r.ProcessingDelay()).value, stages(r)}},
			{"collect_ms", "", delay(r.Collect)}, {"merge_ms", "", delay(r.Merge)},
			{"outputs_ms", "", delay(r.Outputs)}, {"commit_ms", "", delay(r.Commit)},
			{"total_delay_ms", "total", delay(r.TotalDelay())}, {"committed", "committed", yesNo(r.Committed)},
			{"rerun", "re-run", yesNo(r.Rerun)}, {"skipped", "skipped", yesNo(r.Skipped)}, {"error", "error", phrase(r.Err)},
		},
		tables: []table{rangeTable(r), outputTable(r)},
	}
}

func stages(r messages.BatchReport) string {
	return fmt.Sprintf("%s (collect %s, merge %s, outputs %s, commit %s)",
		short(r.ProcessingDelay()), short(r.Collect), short(r.Merge), short(r.Outputs), short(r.Commit))
}

func rangeTable(r messages.BatchReport) table {
	t := table{
		key: "partitions", empty: "the batch has no partition",
		columns: []column{
			{"topic", "", false}, {"partition", "", false}, {"", "PARTITION", false}, {"from", "FROM", true}, {"until", "UNTIL", true},
			{"records", "RECORDS", true}, {"rejects", "REJECTS", true}, {"gone", "GONE", true}, {"lag", "LAG", true}, {"reason", "REASON", false},
		},
	}
	for p := range r.Parts() {
		t.rows = append(t.rows, []cell{
			phrase(p.Topic), count(p.Partition), phrase(p.TopicPartition.String()), count(p.From), count(p.Until),
			count(p.Records), count(p.Rejects), count(p.Gone), count(p.Lag), phrase(p.Reason),
		})
	}
	return t
}

func outputTable(r messages.BatchReport) table {
	t := table{
		key: "outputs", empty: "no output has run",
		columns: []column{{"id", "", true}, {"output", "OUTPUT", false}, {"elapsed_ms", "ELAPSED", true}, {"error", "ERROR", false}},
	}
	for o := range r.OutputReports() {
		t.rows = append(t.rows, []cell{count(o.ID), phrase(o.Name), delay(o.Elapsed), phrase(o.Err)})
	}
	return t
}
