package streaming

import "fmt"

// strayKeys is how many new keys of a partition are looked for in the others, each batch: enough to find a job whose keys are not the
// records' keys in its first batches, and too few to cost anything.
const strayKeys = 2 * shardCount

// A wary operator tells of a new key of its own that another one of its kind has, too.
type wary interface {
	stray(others []operator) (key any, other int)
}

// watchKeys warns, once for an operation, when a key is in two partitions: state by partition is wrong for it, unless the topic has
// got more partitions and the key has moved.
func (b *run) watchKeys(n *node) {
	if b.strayed[n] {
		return
	}
	for i, part := range b.parts {
		if part.Shard == nil {
			continue
		}
		w, ok := part.Shard.operators[n].(wary)
		if !ok {
			return
		}
		others := make([]operator, len(b.parts))
		for j := range b.parts {
			if j != i && b.parts[j].Shard != nil {
				others[j] = b.parts[j].Shard.operators[n]
			}
		}
		if key, j := w.stray(others); j >= 0 {
			b.strayed[n] = true
			b.program.context.log.Warn("a key is in two partitions, and its state in both: exchange: partition is for jobs whose keys are the records' keys",
				"operation", n.op, "at", n.place, "key", fmt.Sprint(key),
				"partitions", fmt.Sprint(part.Range.TopicPartition, " ", b.parts[j].Range.TopicPartition))
			return
		}
	}
}

// stray finds a key that came in this attempt, among the first of each shard, in one of the others; other is -1 when there is none.
func (h *keyShards[K, S]) stray(others []*keyShards[K, S]) (key K, other int) {
	for i, s := range h.stores {
		for pos := s.base; pos < min(len(s.entries), s.base+strayKeys/shardCount); pos++ {
			for j, o := range others {
				if o != nil && o.stores[i].has(s.key(uint32(pos)), s.tags[pos]) {
					return s.key(uint32(pos)), j
				}
			}
		}
	}
	return key, -1
}

// has tells whether the key has a state.
func (s *store[K, S]) has(k K, tag uint32) bool {
	pos, ok := s.find(k, tag)
	return ok && s.entries[pos].live
}

// storesOf are the stores of operators of one kind.
func storesOf[O operator, K comparable, S any](operators []operator, of func(O) *keyShards[K, S]) []*keyShards[K, S] {
	out := make([]*keyShards[K, S], len(operators))
	for i, o := range operators {
		if typed, ok := o.(O); ok {
			out[i] = of(typed)
		}
	}
	return out
}

func (m *mapping[K, V, S, U]) stray(others []operator) (any, int) {
	return m.shards.stray(storesOf(others, func(o *mapping[K, V, S, U]) *keyShards[K, S] { return o.shards }))
}

func (u *updating[K, V, S]) stray(others []operator) (any, int) {
	return u.shards.stray(storesOf(others, func(o *updating[K, V, S]) *keyShards[K, S] { return o.shards }))
}
