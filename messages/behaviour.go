package messages

// Tell sends a behaviour's actor what somebody typed in the console; JSON is a valid JSON value. The answer is Told.
type Tell struct{ JSON string }

// Told is what a behaviour answered.
type Told struct {
	Answer string
	Err    error
}
