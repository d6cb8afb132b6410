package streaming

import (
	"cmp"
	"slices"
)

// row is the open sessions of one key, the earliest first; they do not overlap. It is cut into pieces, so that in the midst of many there
// is room for one more without moving all that are behind it.
type row struct {
	pieces [][]span // none is empty
}

// span is when a session is, in microseconds, and when the element was that opened it.
type span struct{ start, end, opened int64 }

// endsAt compares where a session ends with a time.
func endsAt(s span, at int64) int { return cmp.Compare(s.end, at) }

// rowPiece is how many sessions a piece holds at most.
const rowPiece = 256

// spot is a place in a row.
type spot struct{ piece, at int }

func (r *row) empty() bool { return len(r.pieces) == 0 }

// find is the place of the first session that is not over at a time, the end of the row if there is none.
func (r *row) find(at int64) spot {
	piece := len(r.pieces)
	if piece == 0 || r.last().end <= at {
		return spot{piece, 0} // as most do
	}
	piece, _ = slices.BinarySearchFunc(r.pieces, at+1, func(p []span, least int64) int { return endsAt(p[len(p)-1], least) })
	i, _ := slices.BinarySearchFunc(r.pieces[piece], at+1, endsAt)
	return spot{piece, i}
}

func (r *row) last() span {
	p := r.pieces[len(r.pieces)-1]
	return p[len(p)-1]
}

// get is the session at a place; ok is false at the end of the row.
func (r *row) get(s spot) (found span, ok bool) {
	if s.piece == len(r.pieces) {
		return span{}, false
	}
	return r.pieces[s.piece][s.at], true
}

func (r *row) set(s spot, with span) { r.pieces[s.piece][s.at] = with }

// next is the place behind s.
func (r *row) next(s spot) spot {
	if s.at+1 < len(r.pieces[s.piece]) {
		return spot{s.piece, s.at + 1}
	}
	return spot{s.piece + 1, 0}
}

// add puts a session behind all others.
func (r *row) add(with span) {
	if n := len(r.pieces); n > 0 && len(r.pieces[n-1]) < rowPiece {
		r.pieces[n-1] = append(r.pieces[n-1], with)
		return
	}
	r.pieces = append(r.pieces, []span{with})
}

// insert puts a session before the one at s.
func (r *row) insert(s spot, with span) {
	if s.piece == len(r.pieces) {
		r.add(with)
		return
	}
	if p := r.pieces[s.piece]; len(p) >= rowPiece {
		const half = rowPiece / 2
		r.pieces = slices.Insert(r.pieces, s.piece+1, slices.Clone(p[half:]))
		r.pieces[s.piece] = p[:half]
		if s.at > half {
			s = spot{s.piece + 1, s.at - half}
		}
	}
	r.pieces[s.piece] = slices.Insert(r.pieces[s.piece], s.at, with)
}

// remove takes the session at s out.
func (r *row) remove(s spot) {
	if r.pieces[s.piece] = slices.Delete(r.pieces[s.piece], s.at, s.at+1); len(r.pieces[s.piece]) == 0 {
		r.pieces = slices.Delete(r.pieces, s.piece, s.piece+1)
	}
}

// removeFirst takes the earliest session out.
func (r *row) removeFirst() {
	if r.pieces[0] = r.pieces[0][1:]; len(r.pieces[0]) == 0 {
		r.pieces = r.pieces[1:]
	}
}
