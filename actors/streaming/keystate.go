package streaming

import "errors"

// Errors of KeyState, in Spark's words. They are what its methods panic with: the batch fails, naming the operation.
var (
	errStateNotSet   = errors.New("State is not set")
	errUpdateRemoved = errors.New("Cannot update the state after it has been removed")     //nolint:staticcheck // Spark's sentence
	errUpdateTimeout = errors.New("Cannot update the state that is timing out")            //nolint:staticcheck // Spark's sentence
	errRemoveTimeout = errors.New("Cannot remove the state that is timing out")            //nolint:staticcheck // Spark's sentence
	errRemoveRemoved = errors.New("Cannot remove the state that has already been removed") //nolint:staticcheck // Spark's sentence
)

// KeyState is the state of one key, in the hands of MapWithState's function. It is valid during the call only. Spark: State.
type KeyState[S any] struct {
	value     S
	exists    bool
	updated   bool
	removed   bool
	timingOut bool
}

// Exists tells whether the key has a state.
func (s *KeyState[S]) Exists() bool { return s.exists }

// Get is the state. Without one it panics with "State is not set", and the batch fails: ask Exists, or use Option.
func (s *KeyState[S]) Get() S {
	if !s.exists {
		panic(errStateNotSet)
	}
	return s.value
}

// Option is the state, if there is one. Spark: getOption.
func (s *KeyState[S]) Option() Option[S] { return Option[S]{s.value, s.exists} }

// Update sets the state. It is a mistake, which fails the batch, while the state is timing out and after Remove.
func (s *KeyState[S]) Update(state S) {
	if s.removed {
		panic(errUpdateRemoved)
	}
	if s.timingOut {
		panic(errUpdateTimeout)
	}
	s.value, s.exists, s.updated = state, true, true
}

// Remove takes the state away. It is a mistake, which fails the batch, while the state is timing out and a second time.
func (s *KeyState[S]) Remove() {
	if s.timingOut {
		panic(errRemoveTimeout)
	}
	if s.removed {
		panic(errRemoveRemoved)
	}
	var none S
	s.value, s.exists, s.updated, s.removed = none, false, false, true
}

// IsTimingOut tells that this is the key's last call: it was idle for longer than the timeout, and its state goes after the call.
func (s *KeyState[S]) IsTimingOut() bool { return s.timingOut }

// String is "Some(state)" or "None".
func (s *KeyState[S]) String() string { return s.Option().String() }
