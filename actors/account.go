package actors

import (
	"time"

	"github.com/hibana-stream/hibana/actors/streaming"
	"github.com/hibana-stream/hibana/messages"
)

// account is what a batch's report is made of while the batch runs.
type account struct {
	*settings
	batch   *batch
	started time.Time
	result  streaming.Result
	merge   time.Duration
	outputs time.Duration
	commit  time.Duration
	skipped bool
}

func newAccount(s *settings, b *batch) *account {
	return &account{settings: s, batch: b, started: time.Now()}
}

func (a *account) begin(b *batch) { a.batch, a.result = b, streaming.Result{} }

func (a *account) ran(r streaming.Result) {
	a.result, a.merge, a.outputs = r, r.Merge, 0
	for _, o := range r.Outputs {
		a.outputs += o.Elapsed
	}
}

// planned is the batch's first line in the ledger: its ranges are known, what becomes of it is not.
func (a *account) planned() messages.BatchReport {
	r := a.report(nil)
	r.Committed = false
	return r
}

// report is the batch's line in the ledger.
func (a *account) report(err error) messages.BatchReport {
	b := a.batch
	r := messages.BatchReport{
		Batch: b.id, Attempt: b.attempt, Time: b.time, Instance: a.instance, Group: a.group, Rerun: b.rerun,
		Submitted: b.submitted, Started: a.started, Ended: time.Now(),
		Collect: b.cutAt.Sub(b.submitted), Merge: a.merge, Outputs: a.outputs, Commit: a.commit,
		Committed: err == nil, Skipped: a.skipped,
	}
	if err != nil {
		r.Err = err.Error()
	}
	var parts []messages.PartReport
	for _, part := range b.parts {
		if b.absent[part.Range.TopicPartition] {
			continue
		}
		parts = append(parts, messages.PartReport{
			OffsetRange: part.Range, TopicID: b.topics[part.Range.TopicPartition], Records: part.Records, Rejects: part.RejectCount(),
			Gone: b.gone[part.Range.TopicPartition], Lag: max(part.End-part.Range.Until, 0), Reason: part.Reason,
		})
		r.Records += part.Records
		r.Rejects += part.RejectCount()
	}
	return messages.NewBatchReport(r, parts, a.result.Outputs)
}

// info is what listeners are told.
func (a *account) info(ended time.Time, failures map[int]string) messages.BatchInfo {
	var records int64
	for _, part := range a.batch.parts {
		records += part.Records
	}
	return messages.NewBatchInfo(a.batch.time, records, a.batch.submitted, a.started, ended, a.batch.described().Ranges, failures)
}

// failures are the outputs that failed, by their ids.
func (a *account) failures() map[int]string {
	failed := map[int]string{}
	for _, o := range a.result.Outputs {
		if o.Err != "" {
			failed[o.ID] = o.Err
		}
	}
	return failed
}
