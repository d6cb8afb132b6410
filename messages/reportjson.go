package messages

import (
	"encoding/json"
	"errors"
	"math"
	"time"
)

// ErrNoBatch is returned for JSON that is no line of a ledger: one without a time.
var ErrNoBatch = errors.New(`no field "time"`)

// millis is a duration as JSON: milliseconds, exact to the nanosecond below a hundred days.
type millis float64

func toMillis(d time.Duration) millis { return millis(d) / millis(time.Millisecond) }
func (m millis) duration() time.Duration {
	return time.Duration(math.Round(float64(m) * float64(time.Millisecond)))
}

type reportLine struct {
	Time      *time.Time   `json:"time"`
	Attempt   int          `json:"attempt"`
	Batch     int64        `json:"batch"`
	Instance  string       `json:"instance"`
	Group     string       `json:"group"`
	Parts     []partLine   `json:"parts"`
	Records   int64        `json:"records"`
	Rejects   int          `json:"rejects,omitempty"`
	Outputs   []outputLine `json:"outputs,omitempty"`
	Submitted time.Time    `json:"submitted,omitzero"`
	Started   time.Time    `json:"started,omitzero"`
	Ended     time.Time    `json:"ended,omitzero"`
	Stages    stagesLine   `json:"ms"`
	Err       string       `json:"err,omitempty"`
	Committed bool         `json:"committed"`
	Rerun     bool         `json:"rerun,omitempty"`
	Skipped   bool         `json:"skipped,omitempty"`
}

type partLine struct {
	Topic     string  `json:"topic"`
	TopicID   TopicID `json:"topic_id,omitzero"`
	Partition int32   `json:"partition"`
	From      int64   `json:"from"`
	Until     int64   `json:"until"`
	Records   int64   `json:"records"`
	Rejects   int     `json:"rejects,omitempty"`
	Gone      int64   `json:"gone,omitempty"`
	Lag       int64   `json:"lag"`
	Reason    string  `json:"reason,omitempty"`
}

type outputLine struct {
	ID   int    `json:"id"`
	Name string `json:"name"`
	Took millis `json:"ms"`
	Err  string `json:"err,omitempty"`
}

type stagesLine struct {
	Collect millis `json:"collect"`
	Merge   millis `json:"merge"`
	Outputs millis `json:"outputs"`
	Commit  millis `json:"commit"`
}

// MarshalJSON writes the report as a line of the ledger: times in UTC, durations in milliseconds under "ms".
func (r BatchReport) MarshalJSON() ([]byte, error) {
	at := r.Time.UTC()
	l := reportLine{
		Time: &at, Attempt: r.Attempt, Batch: r.Batch, Instance: r.Instance, Group: r.Group,
		Records: r.Records, Rejects: r.Rejects, Submitted: r.Submitted.UTC(), Started: r.Started.UTC(), Ended: r.Ended.UTC(),
		Stages: stagesLine{toMillis(r.Collect), toMillis(r.Merge), toMillis(r.Outputs), toMillis(r.Commit)},
		Err:    r.Err, Committed: r.Committed, Rerun: r.Rerun, Skipped: r.Skipped, Parts: []partLine{},
	}
	for _, p := range r.parts {
		l.Parts = append(l.Parts, partLine{
			Topic: p.Topic, TopicID: p.TopicID, Partition: p.Partition, From: p.From, Until: p.Until,
			Records: p.Records, Rejects: p.Rejects, Gone: p.Gone, Lag: p.Lag, Reason: p.Reason,
		})
	}
	for _, o := range r.outputs {
		l.Outputs = append(l.Outputs, outputLine{o.ID, o.Name, toMillis(o.Elapsed), o.Err})
	}
	return json.Marshal(l)
}

// UnmarshalJSON reads what MarshalJSON wrote. Fields that it does not know are passed over; without a time it is ErrNoBatch.
func (r *BatchReport) UnmarshalJSON(data []byte) error {
	var l reportLine
	if err := json.Unmarshal(data, &l); err != nil {
		return err
	}
	if l.Time == nil {
		return ErrNoBatch
	}
	*r = BatchReport{
		Time: *l.Time, Attempt: l.Attempt, Batch: l.Batch, Instance: l.Instance, Group: l.Group,
		Records: l.Records, Rejects: l.Rejects, Submitted: l.Submitted, Started: l.Started, Ended: l.Ended,
		Collect: l.Stages.Collect.duration(), Merge: l.Stages.Merge.duration(),
		Outputs: l.Stages.Outputs.duration(), Commit: l.Stages.Commit.duration(),
		Err: l.Err, Committed: l.Committed, Rerun: l.Rerun, Skipped: l.Skipped,
	}
	for _, p := range l.Parts {
		partition := TopicPartition{Topic: p.Topic, Partition: p.Partition}
		r.parts = append(r.parts, PartReport{
			OffsetRange: OffsetRange{TopicPartition: partition, From: p.From, Until: p.Until}, TopicID: p.TopicID,
			Records: p.Records, Rejects: p.Rejects, Gone: p.Gone, Lag: p.Lag, Reason: p.Reason,
		})
	}
	for _, o := range l.Outputs {
		r.outputs = append(r.outputs, OutputReport{ID: o.ID, Name: o.Name, Elapsed: o.Took.duration(), Err: o.Err})
	}
	return nil
}
