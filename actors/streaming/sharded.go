package streaming

// shardCount is how many shards the keys of an operation with state are in: so many that what a batch touches of a large state stays in
// a processor's cache while one shard after the other is worked on, so few that a small batch does not notice.
const shardCount = 32

// shardOf is the shard of the keys with this tag. It is in the bits that a table looks at last.
func shardOf(tag uint32) uint8 { return uint8(tag >> 27) }

// sharded is one partition's pairs shard by shard.
type sharded[K comparable, V any] struct {
	piles *[shardCount]pile[K, V] // nil when there are no pairs
	// order is the shard of each value, in the order in which they came.
	order []uint8
}

// pile is one partition's pairs of one shard, in the order in which they came.
type pile[K comparable, V any] struct {
	keys   keyList[K]
	tags   []uint32
	of     []uint32 // the position of each value's key
	values []V
}

// shardedIn are an input's partitions that have pairs, the orders in which their values came, and how many those are.
func shardedIn[K comparable, V any](in gathered) (parts []*sharded[K, V], orders [][]uint8, values int) {
	if in.none {
		return nil, nil, 0
	}
	for _, p := range results[*sharded[K, V]](in) {
		if p.piles != nil {
			parts, orders, values = append(parts, p), append(orders, p.order), values+len(p.order)
		}
	}
	return parts, orders, values
}
