package checkpoint

import (
	"slices"

	"github.com/hibana-stream/hibana/messages"
)

// standing is what follows from the frames up to a number: the progress, and since which frame each operation has its shape.
// What an operation saved before it was removed, or before its codec changed, is not its state any more.
type standing struct {
	number   uint64
	any      bool
	progress Progress
	since    map[string]uint64
}

// take brings one more frame in; ok is false when its title cannot be read.
func (s *standing) take(f frame, title []byte) bool {
	if f.kind == kindPlan {
		plan, ok := decodePlan(title)
		if ok {
			s.plan(f.number, plan)
		}
		return ok
	}
	p, ok := decodeProgress(title)
	if ok {
		s.batch(f.number, p)
	}
	return ok
}

func (s *standing) plan(number uint64, plan Plan) {
	s.number, s.any = number, true
	s.progress.plan = &plan
}

func (s *standing) batch(number uint64, p Progress) {
	if s.since == nil || !slices.Equal(p.shapes, s.progress.shapes) {
		s.since = reshaped(s.since, s.progress.shapes, p.shapes, number)
	}
	p.plan = nil
	s.number, s.any, s.progress = number, true, p
}

// reshaped keeps the operations that are as they were; the others begin with the frame of this number.
func reshaped(since map[string]uint64, was, now []messages.Shape, number uint64) map[string]uint64 {
	next := make(map[string]uint64, len(now))
	for _, shape := range now {
		next[shape.Operator] = number
		if slices.Contains(was, shape) {
			next[shape.Operator] = since[shape.Operator]
		}
	}
	return next
}

// known tells, for the frame of a number, which operations' changes still count.
func (s *standing) known(number uint64) func(operator string) bool {
	return func(operator string) bool {
		since, ok := s.since[operator]
		return ok && number >= since
	}
}
