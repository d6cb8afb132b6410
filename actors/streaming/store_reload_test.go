package streaming

import (
	"slices"

	"pgregory.net/rapid"

	"github.com/hibana-stream/hibana/messages"
)

func shapeOf(name string) messages.Shape {
	return messages.Shape{Operator: name, Kind: "test", Codec: "test"}
}

// reloaded is a store with what all wrote, given in another order.
func reloaded(t *rapid.T, m *memory, codecs storeCodecs[int, int]) *store[int, int] {
	var all []messages.Change
	if _, err := m.write(cell.all, func(c messages.Change) bool {
		all = append(all, c)
		return true
	}); err != nil {
		t.Fatal(err)
	}
	slices.Reverse(all)
	s := newStore(codecs, true)
	into := newMemory(m.shape).with('k', s)
	for _, c := range all {
		if err := into.load(c); err != nil {
			t.Fatal(err)
		}
	}
	return s
}
