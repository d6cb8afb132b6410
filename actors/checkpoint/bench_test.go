package checkpoint

import (
	"fmt"
	"iter"
	"slices"
	"testing"

	"github.com/hibana-stream/hibana/messages"
)

// counts is a running count as a checkpoint sees it: keys of 10 bytes, values of 8, a thousand to a block.
func counts(keys int) iter.Seq[messages.Changes] {
	var all []messages.Changes
	for i := 0; i < keys; i += 1000 {
		var block [1000]messages.Change
		for k := range block {
			block[k] = messages.Change{Key: fmt.Sprintf("key-%06d", i+k), Value: "\x01\x02\x03\x04\x05\x06\x07\x08"}
		}
		all = append(all, messages.NewChanges("totals", messages.TopicPartition{}, block[:]...))
	}
	return slices.Values(all)
}

var counting = NewProgress(Progress{Time: second(1), Attempt: 1},
	[]messages.OffsetRange{{TopicPartition: orders, Until: 100000}}, []messages.Shape{totals})

func benchStore(b *testing.B, options ...Option) *Store {
	s, err := Open(b.TempDir(), "bench", options...)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = s.Close() })
	return s
}

// One batch that changed 100,000 keys. "full" also writes a snapshot whenever one is due, as a program does.
func BenchmarkSave(b *testing.B) {
	const keys = 100_000
	changes := counts(keys)
	full := func() iter.Seq[messages.Changes] { return changes }
	for _, mode := range []struct {
		name    string
		whole   Whole
		options []Option
	}{
		{"log", Whole{}, nil},
		{"full", Whole{Entries: full}, nil},
		{"log-without-sync", Whole{}, []Option{WithoutSync()}},
	} {
		b.Run(mode.name, func(b *testing.B) {
			s := benchStore(b, mode.options...)
			before := s.chain.logged()
			b.ReportAllocs()
			b.ResetTimer()
			for range b.N {
				if err := s.Save(counting, changes, mode.whole); err != nil {
					b.Fatal(err)
				}
			}
			b.StopTimer()
			if mode.whole.Entries == nil {
				b.SetBytes((s.chain.logged() - before) / int64(b.N))
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*keys), "ns/change")
		})
	}
}

// One batch without a change and its plan: what every batch costs at least.
func BenchmarkSaveNothing(b *testing.B) {
	for _, mode := range [][]Option{nil, {WithoutSync()}} {
		b.Run(fmt.Sprint("sync-", mode == nil), func(b *testing.B) {
			s := benchStore(b, mode...)
			plan := planOf(counting)
			b.ReportAllocs()
			for b.Loop() {
				if s.Plan(plan) != nil || s.Save(counting, none, Whole{}) != nil {
					b.Fatal("not saved")
				}
			}
		})
	}
}

// The state of 1,000,000 keys is loaded: from a snapshot, and from a log.
func BenchmarkLoad(b *testing.B) {
	const keys = 1_000_000
	changes := counts(keys)
	for _, from := range []string{"snapshot", "log"} {
		b.Run(from, func(b *testing.B) {
			s := benchStore(b, CompactFrom(1))
			full := func() iter.Seq[messages.Changes] { return none }
			if from == "log" {
				full = nil
			}
			if err := s.Save(counting, changes, Whole{Entries: full}); err != nil {
				b.Fatal(err)
			}
			b.SetBytes(s.chain.snapshotSize + s.chain.logged())
			b.ReportAllocs()
			for b.Loop() {
				n := 0
				if _, _, err := s.Load(func(block messages.Changes) error {
					for range block.All() {
						n++
					}
					return nil
				}); err != nil || n != keys {
					b.Fatal(n, err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*keys), "ns/change")
		})
	}
}

// A folder with a state of 1,000,000 keys is opened: every byte is checked.
func BenchmarkOpen(b *testing.B) {
	dir := b.TempDir()
	s, err := Open(dir, "bench", CompactFrom(1))
	if err != nil {
		b.Fatal(err)
	}
	if err := s.Save(counting, counts(1_000_000), Whole{Entries: func() iter.Seq[messages.Changes] { return none }}); err != nil {
		b.Fatal(err)
	}
	_ = s.Close()
	b.SetBytes(s.chain.snapshotSize)
	for b.Loop() {
		s, err := Open(dir, "bench")
		if err != nil {
			b.Fatal(err)
		}
		_ = s.Close()
	}
}
