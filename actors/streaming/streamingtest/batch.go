package streamingtest

import (
	"context"
	"errors"
	"time"

	"github.com/hibana-stream/hibana/actors/streaming"
	"github.com/hibana-stream/hibana/messages"
)

// batch runs the batch of a time, tells the listeners, and saves what it changed.
func (k *Kit) batch(at time.Time) error {
	info := batchInfo{at: at, submitted: time.Now()}
	for _, in := range k.inputs {
		for _, r := range in.fetched(at) {
			info.records += r.Count()
			info.inputs = append(info.inputs, r)
		}
	}
	fetched := k.fetch(at)
	for _, f := range fetched {
		info.records += int64(len(f.records))
		info.inputs = append(info.inputs, f.span)
	}
	k.context.Emit(messages.BatchSubmitted{Batch: info.message()})
	info.start = time.Now()
	k.context.Emit(messages.BatchStarted{Batch: info.message()})
	err := k.run(at, fetched, &info)
	info.end = time.Now()
	k.context.Emit(messages.BatchCompleted{Batch: info.message()})
	return err
}

func (k *Kit) run(at time.Time, fetched []fetched, info *batchInfo) error {
	result := k.result(at, fetched)
	for _, o := range result.Outputs {
		info.output(o)
	}
	if result.Err != nil {
		k.runner.Abort()
		return result.Err
	}
	if err := k.save(at); err != nil {
		k.runner.Abort()
		return err
	}
	k.runner.Commit()
	for _, in := range k.inputs {
		in.committed(at)
	}
	for _, t := range k.topics {
		t.committed(at)
	}
	return nil
}

// result is what both halves of the job make of a batch.
func (k *Kit) result(at time.Time, fetched []fetched) streaming.Result {
	parts, err := k.fold(fetched)
	if err != nil {
		return k.runner.Failed(at, err)
	}
	return k.runner.Run(context.Background(), at, parts)
}

// save keeps what the batch has changed where Restart finds it.
func (k *Kit) save(at time.Time) error {
	if k.shards == nil {
		return k.saved.commit(k.runner, at)
	}
	k.shards.save(k.runner.Changes())
	return nil
}

// errUnfinished is the error of a task, in place of its own, whose function has ended the goroutine.
var errUnfinished = errors.New("unfinished")

// fold runs the narrow half, each partition in a goroutine of its own as the real program does: with -race it shows functions that
// share what they change.
func (k *Kit) fold(all []fetched) ([]streaming.PartInput, error) {
	parts, errs := make([]streaming.PartInput, len(all)), make([]error, len(all))
	tasks := make([]*streaming.Task, len(all))
	for i := range all { // before the goroutines, so that those have nothing in common but what the job's functions have
		tasks[i], errs[i] = k.context.Program().NewTask(all[i].span.TopicPartition), errUnfinished
	}
	sideBySide(len(all), func(i int) {
		_ = tasks[i].Fold(all[i].records)
		parts[i].Range, parts[i].Shard = all[i].span, k.shards.of(all[i].span.TopicPartition)
		parts[i].Partials, errs[i] = tasks[i].Finish()
	})
	for i, err := range errs {
		if err == errUnfinished {
			_, err = tasks[i].Finish()
		}
		if err != nil {
			return nil, err
		}
		k.rejects = append(k.rejects, tasks[i].Rejects()...)
	}
	return parts, nil
}

// batchInfo is what listeners are told of a batch.
type batchInfo struct {
	at, submitted, start, end time.Time
	records                   int64
	inputs                    []messages.OffsetRange
	failures                  map[int]string
}

func (b *batchInfo) output(o messages.OutputReport) {
	if o.Err == "" {
		return
	}
	if b.failures == nil {
		b.failures = map[int]string{}
	}
	b.failures[o.ID] = o.Err
}

func (b *batchInfo) message() messages.BatchInfo {
	return messages.NewBatchInfo(b.at, b.records, b.submitted, b.start, b.end, b.inputs, b.failures)
}
