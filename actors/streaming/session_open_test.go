package streaming

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// Attempts at a batch are taken back, then it runs: what is open is what a run without them has, and the rows are those of the entries.
func TestOpenSessionsAfterAttemptsThatWereTakenBack(t *testing.T) {
	if wrong := attempts(1, (*openSessions[int, int64]).abort); wrong != "" {
		t.Error(wrong)
	}
	forgetful := func(o *openSessions[int, int64]) { o.store.abort() } // and leaves the rows as they are
	if attempts(1, forgetful) == "" {
		t.Error("rows that an attempt has left behind are not noticed: the test shows nothing")
	}
}

// attempts compares sessions whose batches are each tried and taken back before they run with sessions whose batches run at once.
func attempts(seed uint64, abort func(*openSessions[int, int64])) (wrong string) {
	random := rand.New(rand.NewPCG(seed, 0))
	tried, plain := newMeeting(), newMeeting()
	for batch := range 200 {
		elements := make([]timedElement[int], random.IntN(20))
		for i := range elements {
			elements[i] = timedElement[int]{at: int64(1000*batch + random.IntN(5000)), v: random.IntN(3)}
		}
		tried.open.begin()
		tried.batch(elements[:len(elements)/2], int64(1000*batch-random.IntN(2000)))
		abort(tried.open)
		for _, m := range []*meeting[int, int, int64]{tried, plain} {
			m.open.begin()
			m.batch(elements, int64(1000*batch-2000))
			m.open.commit()
		}
		if got, want := tried.entries(), plain.entries(); got != want {
			return fmt.Sprintf("batch %d: %s\nwithout attempts: %s", batch, got, want)
		}
		got := tried.rows()
		tried.open.rows = nil
		if want := tried.rows(); got != want {
			return fmt.Sprintf("batch %d: the rows are %s\nof the entries: %s", batch, got, want)
		}
	}
	return ""
}

func newMeeting() *meeting[int, int, int64] {
	codecs := storeCodecs[pane[int], session[int64]]{paneCodec(integerCodec[int](typeOf[int]())), sessionCodec(integerCodec[int64](typeOf[int64]()))}
	return &meeting[int, int, int64]{gap: 300, a: counter[int](), open: &openSessions[int, int64]{store: newStore(codecs, true)}}
}

// batch takes elements whose keys are their values, and closes what is over at a time.
func (m *meeting[T, K, A]) batch(elements []timedElement[K], at int64) {
	for _, e := range elements {
		var v T
		m.add(e.v, m.open.of(e.v), timedElement[T]{at: e.at, v: v})
	}
	for _, pos := range m.open.due(2*at + 2) {
		m.open.close(pos)
	}
}

func (m *meeting[T, K, A]) entries() (all string) {
	for _, p := range m.open.snapshot() {
		all += fmt.Sprintf("%v:%v ", p.Key, p.Value)
	}
	return all
}

func (m *meeting[T, K, A]) rows() (all string) {
	var none K
	m.open.of(none)
	for _, p := range m.open.snapshot() {
		all += fmt.Sprintf("%v:%v ", p.Key, m.open.of(p.Key.key).pieces)
	}
	return all
}
