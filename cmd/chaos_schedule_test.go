package cmd_test

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"time"
)

// deed is what is done to a member.
type deed string

const (
	deedKill   deed = "kill"  // kill -9
	deedStart  deed = "start" // the same name again
	deedFreeze deed = "stop"  // SIGSTOP
	deedThaw   deed = "go on" // SIGCONT
	deedLeave  deed = "leave" // SIGTERM
)

// chaosEvent is a deed at a time of the run.
type chaosEvent struct {
	at     time.Duration
	deed   deed
	member int
	aimed  bool // a kill that waits for the moment in which the mode breaks what it does not promise
}

// drawing makes a schedule.
type drawing struct {
	random *rand.Rand
	busy   []time.Duration // until when each member is under treatment
	away   []time.Duration // until when each member is absent for longer than its session
	events []chaosEvent
	kills  int
}

// schedule draws the events of a run: the same for the same settings, whatever the mode under test. Most members come back at once,
// some a moment later, in the midst of another's start; some stay dead or frozen for longer than their session; some leave.
// It takes about as long as the brokers do.
func schedule(s chaosSettings) []chaosEvent {
	d := drawing{random: rand.New(rand.NewPCG(s.seed, 1)), busy: make([]time.Duration, s.members), away: make([]time.Duration, s.members)}
	const each = 700 * time.Millisecond // with what the members are spared
	pace := max(1, float64(time.Duration(s.brokers)*brokerCycle)/float64(time.Duration(s.kills)*each))
	var now time.Duration
	for d.kills < s.kills {
		now += time.Duration(pace * float64(d.between(200*time.Millisecond, 900*time.Millisecond)))
		if member := d.idle(now); member >= 0 {
			d.treat(member, now)
		}
	}
	slices.SortStableFunc(d.events, func(a, b chaosEvent) int { return cmp.Compare(a.at, b.at) })
	return d.events
}

func (d *drawing) between(low, high time.Duration) time.Duration {
	return low + time.Duration(d.random.Int64N(int64(high-low)))
}

// idle is a member that nothing is being done to, -1 for none.
func (d *drawing) idle(now time.Duration) int {
	var idle []int
	for m, until := range d.busy {
		if until <= now {
			idle = append(idle, m)
		}
	}
	if len(idle) == 0 {
		return -1
	}
	return idle[d.random.IntN(len(idle))]
}

// aimEvery is which kills are aimed: of few at random times, none might hit.
const aimEvery = 4

// treat does something to a member.
func (d *drawing) treat(member int, now time.Duration) {
	long := chaosSession + d.between(time.Second, 3*time.Second)
	first, then, back := deedKill, deedStart, now
	switch roll := d.random.IntN(100); {
	case roll < 55:
		back += d.between(0, 50*time.Millisecond)
	case roll < 75:
		back += d.between(50*time.Millisecond, time.Second)
	case roll < 82:
		first, back = deedLeave, now+d.between(500*time.Millisecond, 3*time.Second)
	case d.absent(now) > 0: // too few would be left
		return
	case roll < 90:
		back += long
	default:
		first, then, back = deedFreeze, deedThaw, now+long
	}
	if back-now > chaosSession {
		d.away[member] = back
	}
	aimed := false
	if first == deedKill {
		d.kills++
		aimed = d.kills%aimEvery == 0
	}
	d.events = append(d.events, chaosEvent{now, first, member, aimed}, chaosEvent{back, then, member, false})
	d.busy[member] = back + d.between(0, 1500*time.Millisecond)
}

func (d *drawing) absent(now time.Duration) int {
	n := 0
	for _, until := range d.away {
		if until > now {
			n++
		}
	}
	return n
}
