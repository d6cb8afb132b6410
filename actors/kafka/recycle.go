package kafka

import (
	"sync"

	"github.com/twmb/franz-go/pkg/kgo"
)

// recycled are slabs of kgo's records that are used again: it is kgo.PoolRecords. A record takes 170 bytes beside its key and value, and
// is garbage as soon as it was looked at; so most collections are for its sake. What a record's key and value point to is not recycled.
type recycled struct{ slabs sync.Pool }

// GetRecords implements kgo.PoolRecords.
func (p *recycled) GetRecords(n int) []kgo.Record {
	if slab, ok := p.slabs.Get().(*[]kgo.Record); ok && cap(*slab) >= n {
		return *slab
	}
	return make([]kgo.Record, n)
}

// PutRecords implements kgo.PoolRecords.
func (p *recycled) PutRecords(slab []kgo.Record) { p.slabs.Put(&slab) }
