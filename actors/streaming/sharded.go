package streaming

// shardCount is how many shards the keys of an operation with state are in: so many that what a batch touches of a large state stays in
// a processor's cache while one shard after the other is worked on, so few that a small batch does not notice.
const shardCount = 32

// shardOf is the shard of the keys with this tag. It is in the bits that a table looks at last.
func shardOf(tag uint32) uint8 { return uint8(tag >> 27) }

// sharded is one partition's pairs shard by shard, within a shard in the order in which they came.
type sharded[K comparable, V any] struct {
	keys   []K
	tags   []uint32
	of     []uint32 // the position of each value's key
	values []V
	// Where each shard begins in keys and in values.
	keysFrom, valuesFrom [shardCount + 1]uint32
	// order is the shard of each value, in the order in which they came.
	order []uint8
}

// orders are the orders in which the values came, and how many they are.
func orders[K comparable, V any](parts []*sharded[K, V]) (all [][]uint8, values int) {
	for _, p := range parts {
		all = append(all, p.order)
		values += len(p.order)
	}
	return all, values
}
