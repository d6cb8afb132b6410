package streaming

import (
	"cmp"
	"slices"
)

// openSessions are the sessions that are not over. Each is an entry of its own, under its key and the time of the element that opened it:
// a batch costs the sessions that it touches, not all that their keys have open. The time stays when a session grows to earlier times, and
// no two open sessions of a key have the same one, since each lies in its session.
type openSessions[K comparable, A any] struct {
	*store[pane[K], session[A]]
	// rows are the sessions by key; nil when they are to be made from the entries.
	rows map[K]*row
}

// rowCost is what a session takes outside of the store.
const rowCost = 64

func (o *openSessions[K, A]) bytes() int64 { return o.store.bytes() + rowCost*int64(o.used) }

func (o *openSessions[K, A]) abort() {
	o.store.abort()
	o.rows = nil
}

// of is the row of a key.
func (o *openSessions[K, A]) of(k K) *row {
	if o.rows == nil {
		o.lineUp()
	}
	r, ok := o.rows[k]
	if !ok {
		r = &row{}
		o.rows[k] = r
	}
	return r
}

// lineUp makes the rows.
func (o *openSessions[K, A]) lineUp() {
	o.rows = map[K]*row{}
	var all []uint32
	for pos := range o.entries {
		if o.entries[pos].live {
			all = append(all, uint32(pos))
		}
	}
	slices.SortFunc(all, func(a, b uint32) int { return cmp.Compare(o.entries[a].state.start, o.entries[b].state.start) })
	for _, pos := range all {
		p, s := o.key(pos), &o.entries[pos].state
		o.of(p.key).add(span{s.start, s.end, p.start})
	}
}

// slotOf is the position of a session.
func (o *openSessions[K, A]) slotOf(k K, s span) uint32 {
	p := pane[K]{k, s.opened}
	return o.slot(p, tagOf(p))
}

// value is what a session has come to; whoever gets it may change it, and puts it back.
func (o *openSessions[K, A]) value(k K, s span) A { return o.note(o.slotOf(k, s)).state.value }

// take is value, and the session is no more.
func (o *openSessions[K, A]) take(k K, s span) A {
	v := o.value(k, s)
	o.drop(o.slotOf(k, s))
	return v
}

// put keeps a session, which is looked at again when it ends.
func (o *openSessions[K, A]) put(k K, s span, value A) {
	pos := o.slotOf(k, s)
	o.set(pos, session[A]{s.start, s.end, value})
	o.dueAt(pos, endOf(s.end))
}

// close gives out a session: of its key the first, as the earliest end comes first.
func (o *openSessions[K, A]) close(pos uint32) (K, session[A]) {
	k, s := o.key(pos).key, o.entries[pos].state
	o.drop(pos)
	if r, ok := o.rows[k]; ok { // or the rows are still to be made
		if r.removeFirst(); r.empty() {
			delete(o.rows, k)
		}
	}
	return k, s
}
