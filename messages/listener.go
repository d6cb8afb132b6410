package messages

import "time"

// StreamingStarted tells listeners that the stream is ACTIVE.
type StreamingStarted struct{ Time time.Time }

// BatchSubmitted tells listeners that a batch's clock has ticked.
type BatchSubmitted struct{ Batch BatchInfo }

// BatchStarted tells listeners that a batch is being processed.
type BatchStarted struct{ Batch BatchInfo }

// BatchCompleted tells listeners that a batch has been processed, well or not.
type BatchCompleted struct{ Batch BatchInfo }

// OutputStarted tells listeners that an output operation of a batch begins. ID counts the outputs in the order of registration.
type OutputStarted struct {
	Time time.Time
	ID   int
	Name string
}

// OutputCompleted tells listeners that an output operation of a batch has ended; Failure is "" when it ended well.
type OutputCompleted struct {
	Time    time.Time
	ID      int
	Name    string
	Elapsed time.Duration
	Failure string
}
