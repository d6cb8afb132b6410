package streaming

import "encoding/binary"

// texts keeps strings, each behind its length, in chunks that hold no pointers and are never written again once they are full: the collector
// of garbage has nothing to look at, however many there are, and a string that aliases a chunk stays what it is.
type texts struct{ chunks [][]byte }

const (
	smallestTexts = 256
	largestTexts  = 64 << 10
)

// put copies s, and tells where it is.
func (x *texts) put(s string) (at uint64) {
	last := len(x.chunks) - 1
	if need := len(s) + binary.MaxVarintLen64; last < 0 || cap(x.chunks[last])-len(x.chunks[last]) < need {
		size := smallestTexts
		if last >= 0 {
			size = min(2*cap(x.chunks[last]), largestTexts)
		}
		x.chunks = append(x.chunks, make([]byte, 0, max(size, need)))
		last++
	}
	chunk := x.chunks[last]
	at = uint64(last)<<32 | uint64(len(chunk))
	x.chunks[last] = append(binary.AppendUvarint(chunk, uint64(len(s))), s...)
	return at
}

// get is the string at a place; it aliases the chunk.
func (x *texts) get(at uint64) string {
	b := x.chunks[at>>32][uint32(at):]
	if n := int(b[0]); n < 0x80 {
		return textOf(b[1 : 1+n])
	}
	n, width := binary.Uvarint(b)
	return textOf(b[width : width+int(n)])
}
