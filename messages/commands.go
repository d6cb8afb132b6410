package messages

// Publish asks the producer to write an event. The answer, when there is somebody to answer, is Delivered.
type Publish struct {
	Topic  string
	Key    string
	HasKey bool
	Event  RichEvent
}

// Delivered is the delivery report of one Publish: where the record stands, or why it does not.
type Delivered struct {
	Place Place
	Err   error
}

// Stop asks the aggregator to end the stream: gracefully it drains, commits the last batch and then ends.
type Stop struct{ Graceful bool }

// Stopped is the aggregator's last word: all that could be committed is committed.
type Stopped struct{ Err error }
