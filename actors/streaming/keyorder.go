package streaming

// number gives the first entry of a store that has no number the next one.
func (h *keyShards[K, S]) number(shard uint8) {
	at := &h.numbered[shard]
	h.stores[shard].entries[*at].seq = h.next
	*at, h.next = *at+1, h.next+1
	h.order = append(h.order, shard)
}

// numberNew gives the keys that came with this batch their numbers, in the order in which they came. firsts tells for each shard which
// of its values, counted over the partitions, were the first of a new key: the keys have their entries in the same order.
func (h *keyShards[K, S]) numberNew(orders [][]uint8, firsts *[shardCount][]uint32) {
	left := 0
	for i := range firsts {
		left += len(firsts[i])
	}
	h.sorted()
	var value, first [shardCount]uint32
	for _, order := range orders {
		for _, shard := range order {
			if left == 0 {
				return
			}
			if f := first[shard]; int(f) < len(firsts[shard]) && firsts[shard][f] == value[shard] {
				h.number(shard)
				first[shard]++
				left--
			}
			value[shard]++
		}
	}
}

// sorted is the order of all entries that have their numbers.
func (h *keyShards[K, S]) sorted() []uint8 {
	total := 0
	for _, n := range h.numbered {
		total += n
	}
	if len(h.order) != total {
		h.sort(total)
	}
	return h.order
}

// sort merges the stores, each of which is in order. A hole has lost its number: it comes as soon as it is its store's turn.
func (h *keyShards[K, S]) sort(total int) {
	h.order = make([]uint8, 0, total)
	var at [shardCount]int
	for len(h.order) < total {
		least, number := -1, uint64(hole)
		for i, s := range h.stores {
			if at[i] == h.numbered[i] {
				continue
			}
			seq := s.entries[at[i]].seq
			if seq == hole {
				least = i
				break
			}
			if seq < number {
				least, number = i, seq
			}
		}
		h.order = append(h.order, uint8(least))
		at[least]++
	}
}

// placed are what a function gave for entries of a store, with the positions of the entries.
type placed[T any] struct {
	at     []uint32
	values []T
}

func (p *placed[T]) add(pos uint32, v T) { p.at, p.values = append(p.at, pos), append(p.values, v) }

// woven are the values of all shards in the order in which their keys came.
func woven[K comparable, S, T any](h *keyShards[K, S], of *[shardCount]placed[T]) []T {
	size := 0
	for i := range of {
		size += len(of[i].at)
	}
	out := make([]T, 0, size)
	var pos, next [shardCount]uint32
	for _, shard := range h.sorted() {
		p := &of[shard]
		if n := next[shard]; int(n) < len(p.at) && p.at[n] == pos[shard] {
			out = append(out, p.values[n])
			next[shard]++
		}
		pos[shard]++
	}
	return out
}
