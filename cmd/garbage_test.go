package cmd

import "testing"

// Little that is alive may grow by much, as much as memory.records permits by half, and a state of its own by as much again.
func TestTheHeapGrowsByWhatMemoryPermits(t *testing.T) {
	const most = 192
	for alive, want := range map[uint64]int{0: 150, 10: 150, 76: 150, 96: 100, 120: 60, 150: 50, 192: 50, 193: 100, 5000: 100} {
		if got := growth(alive, most); got != want {
			t.Errorf("%d alive: %d%%, want %d%%", alive, got, want)
		}
	}
}
