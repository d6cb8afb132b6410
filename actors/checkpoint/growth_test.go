package checkpoint

import (
	"fmt"
	"strings"
	"testing"

	"github.com/hibana-stream/hibana/messages"
)

// growing is a store of a state whose keys are numbers, and what a snapshot of it has been written for.
type growing struct {
	t         *testing.T
	store     *Store
	state     state
	batch     int
	snapshots int
	// sized says that the store is told the state's size.
	sized bool
}

func grow(t *testing.T, sized bool) *growing {
	s, err := open(newDisk(), CompactFrom(50_000))
	if err != nil {
		t.Fatal(err)
	}
	return &growing{t: t, store: s, state: state{}, sized: sized}
}

// save sets keys from..until, or takes them away, ten a batch.
func (g *growing) save(from, until int, gone bool) {
	g.t.Helper()
	for ; from < until; from += 10 {
		var changes []messages.Change
		for k := from; k < from+10; k++ {
			c := messages.Change{Operator: "totals", Key: fmt.Sprintf("%06d", k), Value: strings.Repeat("v", 100), Deleted: gone}
			if gone {
				c.Value = ""
			}
			changes = append(changes, c)
			g.state.apply(c)
		}
		whole := Whole{Entries: g.state.full}
		if g.sized {
			whole.Size = int64(len(g.state)) * 200
		}
		g.batch++
		before := g.store.chain.snapshot
		p := NewProgress(Progress{Time: second(g.batch)}, nil, []messages.Shape{totals})
		if err := g.store.Save(p, blocks(changes...), whole); err != nil {
			g.t.Fatal(err)
		}
		if g.store.chain.snapshot != before {
			g.snapshots++
		}
	}
}

// A state that only grows is written twice at most: when the first log is long enough, what a snapshot would leave out is next to nothing.
// The control arm does not know how the state grows, and writes it again and again.
func TestAStateThatGrowsIsNotWrittenAgainAndAgain(t *testing.T) {
	for sized, most := range map[bool]int{true: 1, false: 6} {
		g := grow(t, sized)
		if g.save(0, 10_000, false); sized != (g.snapshots <= 1) || g.snapshots > most {
			t.Errorf("sized %v: %d snapshots", sized, g.snapshots)
		}
	}
}

// Of a state that changes, and of one that shrinks, a restart never reads much more than three times the state: 112 bytes a key, and the
// headers of the batches.
func TestWhatIsOutOfDateIsAtMostTwoThirds(t *testing.T) {
	g := grow(t, true)
	g.save(0, 1000, false)
	for range 10 {
		g.save(0, 1000, false)
		if all := g.store.chain.snapshotSize + g.store.chain.logged(); all > 3*1000*120 {
			t.Fatalf("%d bytes for a state of 1,000 keys", all)
		}
	}
	if g.snapshots < 4 {
		t.Errorf("%d snapshots of a state that was written eleven times", g.snapshots)
	}
	g.save(0, 900, true)
	for range 4 {
		g.save(900, 1000, false)
	}
	if all := g.store.chain.snapshotSize + g.store.chain.logged(); all > 3*100*120 {
		t.Errorf("%d bytes for a state of 100 keys", all)
	}
}
