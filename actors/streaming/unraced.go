//go:build !race

package streaming

// atOnce is from how many values on the shards of keys are worked on by several goroutines.
const atOnce = 4096

// raced tells that the race detector looks on.
const raced = false
