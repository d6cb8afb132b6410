package checkpoint

import (
	"errors"
	"fmt"
	"iter"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hibana-stream/hibana/messages"
)

// state is a state as a caller keeps it: operation and key to value.
type state map[[2]string]string

func (s state) apply(c messages.Change) {
	if c.Deleted {
		delete(s, [2]string{c.Operator, c.Key})
	} else {
		s[[2]string{c.Operator, c.Key}] = c.Value
	}
}

func (s state) applyAll(block messages.Changes) error {
	for c := range block.All() {
		s.apply(c)
	}
	return nil
}

func (s state) full() iter.Seq[messages.Changes] {
	var all []messages.Change
	for k, v := range s {
		all = append(all, messages.Change{Operator: k[0], Key: k[1], Value: v})
	}
	return blocks(all...)
}

// blocks are changes as a job hands them over: those of one operation that stand together are one block.
func blocks(changes ...messages.Change) iter.Seq[messages.Changes] {
	return func(yield func(messages.Changes) bool) {
		for rest := changes; len(rest) > 0; {
			operator := rest[0].Operator
			n := slices.IndexFunc(rest, func(c messages.Change) bool { return c.Operator != operator })
			if n < 0 {
				n = len(rest)
			}
			if !yield(messages.NewChanges(operator, messages.TopicPartition{}, rest[:n]...)) {
				return
			}
			rest = rest[n:]
		}
	}
}

var (
	orders = messages.TopicPartition{Topic: "orders"}
	totals = messages.Shape{Operator: "totals", Kind: "updateStateByKey", Codec: "string,int"}
	visits = messages.Shape{Operator: "visits", Kind: "mapWithState", Codec: "string,int"}
)

// saved is batch n of a made-up stream: what it saves, and the state that it leads to.
type saved struct {
	progress Progress
	changes  []messages.Change
	state    state
}

// batch n sets a key that every batch sets, one of its own, and deletes that of the batch three before.
func batch(n int, before state) saved {
	changes := []messages.Change{
		{Operator: "totals", Key: "", Value: fmt.Sprint(n)},
		{Operator: "totals", Key: fmt.Sprint("key-", n), Value: strings.Repeat("v", n%5)},
		{Operator: "visits", Key: fmt.Sprint("key-", n-3), Deleted: true},
		{Operator: "visits", Key: fmt.Sprint("key-", n), Value: "\x00"},
	}
	after := maps.Clone(before)
	if after == nil {
		after = state{}
	}
	for _, c := range changes {
		after.apply(c)
	}
	offsets := []messages.OffsetRange{{TopicPartition: orders, From: int64(n-1) * 10, Until: int64(n) * 10}}
	p := NewProgress(Progress{Time: second(n), Attempt: 1 + n%2, Zero: second(0)}, offsets, []messages.Shape{totals, visits})
	if n%3 > 0 { // a broker that gives no ids
		p = p.WithTopicIDs(map[messages.TopicPartition]messages.TopicID{orders: {0: byte(n)}})
	}
	return saved{p, changes, after}
}

func second(n int) time.Time { return time.Unix(int64(n), 0) }

func planOf(p Progress) Plan { return NewPlan(p.Time, p.Attempt, slices.Collect(p.Offsets())) }

func (b saved) to(s *Store) error {
	return s.Save(b.progress, blocks(b.changes...), Whole{Entries: b.state.full})
}

// fill saves batches first to last, each after its plan, and returns the last.
func fill(t testing.TB, s *Store, first, last int, before state) saved {
	t.Helper()
	b := saved{state: before}
	for n := first; n <= last; n++ {
		b = batch(n, b.state)
		if err := errors.Join(s.Plan(planOf(b.progress)), b.to(s)); err != nil {
			t.Fatalf("batch %d: %v", n, err)
		}
	}
	return b
}

// load reads all that a store holds.
func load(t testing.TB, s *Store) (Progress, state) {
	t.Helper()
	all := state{}
	p, _, err := s.Load(all.applyAll)
	if err != nil {
		t.Fatalf("load: %v", err)
	}
	return p, all
}

// describe is a progress as text, so that two can be compared.
func describe(p Progress) string {
	plan := "none"
	if pl, ok := p.Planned(); ok {
		plan = fmt.Sprint(pl.Time.UnixNano(), pl.Attempt, ranges(pl.Ranges()))
	}
	return fmt.Sprint(p.Time.UTC(), p.Attempt, p.Zero.UTC(), ranges(p.Offsets()), p.TopicID(orders), slices.Collect(p.Shapes()), " plan ", plan)
}

func ranges(all iter.Seq[messages.OffsetRange]) (text string) {
	for r := range all {
		text += fmt.Sprintf("%s[%d,%d) ", r.TopicPartition, r.From, r.Until)
	}
	return text
}

func wantState(t testing.TB, s *Store, want saved) {
	t.Helper()
	p, got := load(t, s)
	if !maps.Equal(got, want.state) {
		t.Errorf("state is\n%v, want\n%v", got, want.state)
	}
	if describe(p) != describe(want.progress) {
		t.Errorf("progress is\n%s, want\n%s", describe(p), describe(want.progress))
	}
}

func TestStoreOnFiles(t *testing.T) {
	for name, extra := range map[string][]Option{"synced": nil, "not synced": {WithoutSync()}} {
		t.Run(name, func(t *testing.T) {
			testStore(t, func(t *testing.T) func(...Option) *Store {
				var last *Store
				dir := filepath.Join(t.TempDir(), "checkpoint")
				return func(options ...Option) *Store {
					if last != nil {
						_ = last.Close()
					}
					var err error
					if last, err = Open(dir, "test", append(options, extra...)...); err != nil {
						t.Fatal(err)
					}
					t.Cleanup(func() { _ = last.Close() })
					return last
				}
			})
		})
	}
}

// The user's second instance is pointed at the folder of the first: it must not start, and must say who is there.
func TestFolderInUse(t *testing.T) {
	dir := t.TempDir()
	s, err := Open(dir, "web-0")
	if err != nil {
		t.Fatal(err)
	}
	_, err = Open(dir, "web-1")
	if !errors.Is(err, ErrInUse) {
		t.Fatalf("second Open: %v", err)
	}
	for _, want := range []string{dir, "web-0", fmt.Sprint("process ", os.Getpid())} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q does not name %q", err, want)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if s, err = Open(dir, "web-1"); err != nil {
		t.Fatalf("after Close: %v", err)
	}
	_ = s.Close()
}

func TestFilesArePrivate(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b")
	s, err := Open(dir, "x", CompactFrom(1))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	fill(t, s, 1, 3, nil)
	if info, _ := os.Stat(dir); info.Mode().Perm() != 0o700 {
		t.Errorf("folder has %v", info.Mode())
	}
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		if info, _ := e.Info(); info.Mode().Perm() != 0o600 {
			t.Errorf("%s has %v", e.Name(), info.Mode())
		}
	}
}

func TestCompare(t *testing.T) {
	moved := messages.Shape{Operator: "totals", Kind: "mapWithState", Codec: "string,json"}
	sums := messages.Shape{Operator: "sums", Kind: "window", Codec: "int,int"}
	d := Compare([]messages.Shape{totals, visits}, []messages.Shape{sums, moved})
	if !slices.Equal(d.Added, []messages.Shape{sums}) || !slices.Equal(d.Removed, []messages.Shape{visits}) ||
		!slices.Equal(d.Changed, []Reshaped{{totals, moved}}) {
		t.Errorf("difference %+v", d)
	}
	want := `state does not fit the job: mapWithState "visits" was removed; "totals" was updateStateByKey and is mapWithState; ` +
		`mapWithState "totals" was saved as string,int and reads string,json`
	if err := d.Err(); !errors.Is(err, ErrShape) || err.Error() != want {
		t.Errorf("error %v", err)
	}
	if err := Compare(nil, []messages.Shape{sums}).Err(); err != nil {
		t.Errorf("what was only added: %v", err)
	}
}
