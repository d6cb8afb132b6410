package messages

import (
	"encoding/binary"
	"iter"
	"slices"
	"unsafe"
)

// Changes are changes of one operation and partition, encoded one behind the other in a block. So they can wait for their batch, be written
// down and be read back without a look at each of them, and without a pointer to each.
//
// A change in a block is 2 × the length of its key, + 1 if the entry was deleted, the length of its value (both as varints), the key, the value.
type Changes struct {
	operator  string
	partition TopicPartition
	block     string
}

// NewChanges encodes changes, whose own operators and partitions do not count.
func NewChanges(operator string, p TopicPartition, changes ...Change) Changes {
	var b []byte
	for _, c := range changes {
		start := len(b)
		b = append(BeginChange(b), c.Key...)
		middle := len(b)
		b = EndChange(append(b, c.Value...), start, middle, c.Deleted)
	}
	return ChangesIn(operator, p, b)
}

// ChangesIn are the changes that stand in a block, to which nobody writes any more.
func ChangesIn(operator string, p TopicPartition, block []byte) Changes {
	return Changes{operator, p, unsafe.String(unsafe.SliceData(block), len(block))}
}

// changeHead is the room for both lengths, which most changes need no more than.
const changeHead = 2

// BeginChange makes room at the end of a block for one more change. Behind it key and value are to be appended.
func BeginChange(block []byte) []byte { return append(block, 0, 0) }

// EndChange completes the change that was begun where the block had ended at start, and whose value begins at value.
func EndChange(block []byte, start, value int, deleted bool) []byte {
	key, size := uint64(value-start-changeHead)<<1, uint64(len(block)-value)
	if deleted {
		key |= 1
	}
	if key < 0x80 && size < 0x80 {
		block[start], block[start+1] = byte(key), byte(size)
		return block
	}
	head := binary.AppendUvarint(binary.AppendUvarint(nil, key), size)
	return slices.Replace(block, start, start+changeHead, head...)
}

// Operator is the operation that was changed.
func (c Changes) Operator() string { return c.operator }

// Partition is the partition of the source that all of them belong to; the zero value when state covers all partitions.
func (c Changes) Partition() TopicPartition { return c.partition }

// Block is the changes as they are encoded.
func (c Changes) Block() string { return c.block }

// All are the changes in their order. Their strings share the block.
func (c Changes) All() iter.Seq[Change] {
	return func(yield func(Change) bool) {
		for rest := c.block; rest != ""; {
			change := Change{Operator: c.operator, Partition: c.partition}
			var ok bool
			if change.Key, change.Value, change.Deleted, rest, ok = cutChange(rest); !ok || !yield(change) {
				return
			}
		}
	}
}

// Whole tells whether the block is made of changes and nothing else; All ends before the first thing that is none.
func (c Changes) Whole() bool {
	for rest := c.block; rest != ""; {
		var ok bool
		if _, _, _, rest, ok = cutChange(rest); !ok {
			return false
		}
	}
	return true
}

// cutChange takes the first change off a block.
func cutChange(block string) (key, value string, deleted bool, rest string, ok bool) {
	first, n := uvarint(block)
	second, m := uvarint(block[n:])
	rest = block[n+m:]
	left := uint64(len(rest))
	if n == 0 || m == 0 || first>>1 > left || second > left-first>>1 {
		return "", "", false, "", false
	}
	middle, end := int(first>>1), int(first>>1+second)
	return rest[:middle], rest[middle:end], first&1 == 1, rest[end:], true
}

// uvarint reads a varint of n bytes; 0 when there is none.
func uvarint(s string) (v uint64, n int) {
	if s != "" && s[0] < 0x80 {
		return uint64(s[0]), 1
	}
	v, n = binary.Uvarint([]byte(s[:min(len(s), binary.MaxVarintLen64)]))
	return v, max(n, 0)
}
