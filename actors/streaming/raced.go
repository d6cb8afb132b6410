//go:build race

package streaming

// atOnce is 0 for the race detector: it is to see functions that share what they change, in a test's few values too.
const atOnce = 0

// raced tells that the race detector looks on.
const raced = true
