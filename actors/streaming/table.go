package streaming

import (
	"fmt"
	"hash/maphash"
)

// table gives each key a position, counted from 0 in the order in which the keys came. It is open addressing with linear probing
// over a dense list: a slot holds 32 bits of the key's hash beside the position, so that a key is looked at only when it is most
// likely the right one, and growing needs no hash again. It costs half of what a Go map does, and its keys keep their order.
type table[K comparable] struct {
	slots  []uint64 // hash << 32 | position + 1; 0 is empty
	keys   []K
	tags   []uint32 // the hash of each key
	isText bool     // the keys are not in keys: they are texts, which a store has elsewhere
	used   int      // keys that can be found; the others were removed
}

// seed is one for the process: tables exchange hashes.
var seed = maphash.MakeSeed()

// tagOf is the part of the key's hash that a table uses.
func tagOf[K comparable](k K) uint32 { return uint32(maphash.Comparable(seed, k) >> 32) }

// newTable makes a table with room for size keys.
func newTable[K comparable](size int) table[K] {
	t := table[K]{}
	if size > 0 {
		t.keys, t.tags = make([]K, 0, size), make([]uint32, 0, size)
		t.slots = make([]uint64, slotsFor(size))
	}
	return t
}

// slotsFor is the power of two that keeps a table of size keys under two thirds full.
func slotsFor(size int) int {
	n := 8
	for n*2 < size*3 {
		n *= 2
	}
	return n
}

// find is the key's position.
func (t *table[K]) find(k K, tag uint32) (pos uint32, ok bool) {
	if len(t.slots) == 0 {
		return 0, false
	}
	mask := uint32(len(t.slots) - 1)
	for i := tag & mask; ; i = (i + 1) & mask {
		s := t.slots[i]
		if s == 0 {
			return 0, false
		}
		if uint32(s>>32) == tag && t.keys[uint32(s)-1] == k {
			return uint32(s) - 1, true
		}
	}
}

// insert gives a key that is not there the next position; the key is kept as it is. One that could not be found again fails the batch.
func (t *table[K]) insert(k K, tag uint32) uint32 {
	if k != k { //nolint:gocritic // NaN, or what has one in it
		panic(abort{fmt.Errorf("the key %v is not equal to itself, as NaN is not, so that what belongs to it could not be found", k)})
	}
	if (t.used+1)*3 > len(t.slots)*2 {
		t.grow()
	}
	if !t.isText {
		t.keys = append(t.keys, k)
	}
	t.tags = append(t.tags, tag)
	t.used++
	t.place(tag, uint32(len(t.tags)))
	return uint32(len(t.tags)) - 1
}

func (t *table[K]) place(tag, entry uint32) {
	mask := uint32(len(t.slots) - 1)
	i := tag & mask
	for t.slots[i] != 0 {
		i = (i + 1) & mask
	}
	t.slots[i] = uint64(tag)<<32 | uint64(entry)
}

func (t *table[K]) grow() {
	old := t.slots
	t.slots = make([]uint64, slotsFor(max(t.used*2, 8)))
	for _, s := range old {
		if s != 0 {
			t.place(uint32(s>>32), uint32(s))
		}
	}
}

// remove makes the key at pos unfindable; its position stays empty. The slots behind it move up, so that no probe is cut short.
func (t *table[K]) remove(pos uint32) {
	mask := uint32(len(t.slots) - 1)
	i := t.tags[pos] & mask
	for uint32(t.slots[i]) != pos+1 {
		i = (i + 1) & mask
	}
	for j := (i + 1) & mask; t.slots[j] != 0; j = (j + 1) & mask {
		home := uint32(t.slots[j]>>32) & mask
		if (j-home)&mask >= (j-i)&mask {
			t.slots[i] = t.slots[j]
			i = j
		}
	}
	t.slots[i] = 0
	if !t.isText {
		var none K
		t.keys[pos] = none
	}
	t.used--
}

// cutBack forgets the positions from size on, all of them removed before.
func (t *table[K]) cutBack(size int) {
	t.tags = t.tags[:size]
	if !t.isText {
		t.keys = t.keys[:size]
	}
}

// probing is how many keys are looked up at a time: their loads from the table overlap, which a lookup one by one does not allow.
const probing = 256

// guess writes the position of the first entry on each tag's way that has the tag: most likely the one looked for. noGuess where
// there is none. It reads the slots only, so that many of these loads, each most likely a miss of the cache, are under way at once.
func (t *table[K]) guess(tags []uint32, guesses *[probing]uint32) {
	if len(t.slots) == 0 {
		for i := range tags {
			guesses[i] = noGuess
		}
		return
	}
	mask := uint32(len(t.slots) - 1)
	for i, tag := range tags {
		at := tag & mask
		s := t.slots[at]
		for s != 0 && uint32(s>>32) != tag {
			at = (at + 1) & mask
			s = t.slots[at]
		}
		guesses[i] = uint32(s) - 1
	}
}

// reading is how many keys or entries are read at a time before something is done with each: these loads overlap as those of guess do.
const reading = 32

const noGuess = ^uint32(0)

// findAt is find with a guess.
func (t *table[K]) findAt(k K, tag, guess uint32) (pos uint32, ok bool) {
	if guess != noGuess && t.keys[guess] == k {
		return guess, true
	}
	return t.find(k, tag)
}
