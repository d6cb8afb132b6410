package messages

import "errors"

// Errors that cross the packages' borders.
var (
	// ErrNotOwner is returned by an offset commit when this member no longer owns the partitions (a newer generation, a fenced
	// instance, an unknown member): nothing was committed, and the next owner runs the batch.
	ErrNotOwner = errors.New("the partitions belong to another member of the group now")
	// ErrReassigned says that the partition has been assigned anew, which is told by a message of its own: what was asked about the earlier
	// assignment has no answer any more.
	ErrReassigned = errors.New("the partition has been assigned anew")
	// ErrUnreachable says that no broker could be reached in time.
	ErrUnreachable = errors.New("no broker could be reached")
	// ErrTooManyUnacknowledged refuses a record because the bound on unacknowledged records is reached.
	ErrTooManyUnacknowledged = errors.New("too many unacknowledged records")
	// ErrOffsetGone says that a committed offset is no longer in the log, and that the policy is to stop.
	ErrOffsetGone = errors.New("the committed offset is no longer in the log")
	// ErrRecreated says that a topic was deleted and created again: offsets, and state that was counted up to them, are those of a topic that
	// is no more.
	ErrRecreated = errors.New("the topic was deleted and created again")
	// ErrNoOffset says that there is no committed offset, and that auto.offset.reset is none.
	ErrNoOffset = errors.New("no committed offset, and auto.offset.reset is none")
	// ErrRefused says that the cluster does not permit it: authentication, a missing right, a second member where one is allowed.
	ErrRefused = errors.New("refused")
)
