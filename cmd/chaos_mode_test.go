package cmd_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/hibana-stream/hibana/cmd"
)

// arm is one mode under test: its own topics, its own group, its own members, on brokers that all arms share.
type arm struct {
	set                  chaosSettings
	delivery             string
	brokers              string
	dir                  string
	in, out              string // topics; the group has the first's name
	admin                *kadm.Client
	writer               *steadyWriter
	reader               *foreignReader
	members              []*member
	did                  map[deed]int
	killed               atomic.Int64
	hits                 int      // aimed kills that hit their window
	missed               bool     // the last one that was aimed did not: the next has to
	exits                []string // members that ended without being asked to
	backStatic, backDead time.Duration
	took                 time.Duration // the destruction
	kept                 float64       // of what was written until its end, the part that had come through
	open                 time.Duration // how long transactions stayed open after the end
	problems             []string
	failed               bool // nothing more can be done in it
}

func newArm(set chaosSettings, delivery, brokers, dir string) *arm {
	name := fmt.Sprintf("chaos-%s-%d-%s", delivery, set.seed, fmt.Sprint(time.Now().UnixNano()%1e9))
	a := &arm{set: set, delivery: delivery, brokers: brokers, dir: filepath.Join(dir, delivery), in: name, out: name + "-out", did: map[deed]int{}}
	for n := range set.members {
		a.members = append(a.members, &member{arm: a, name: fmt.Sprintf("m%d", n+1)})
	}
	return a
}

func (a *arm) args(m *member) []string {
	settings := []string{
		"kafka.bootstrap.servers=[" + a.brokers + "]", "kafka.group.id=" + a.in, "topics=" + a.in, "interval=50ms", "delivery=" + a.delivery,
		"exchange=" + a.set.exchange, "instance=" + m.name, "ledger=" + m.folder(), "log.level=info", "log.format=json", "failure.retries=100",
		fmt.Sprintf("kafka.session.timeout.ms=%d", chaosSession.Milliseconds()), fmt.Sprintf("kafka.heartbeat.interval.ms=%d", chaosHeartbeat.Milliseconds()),
		fmt.Sprintf("kafka.transaction.timeout.ms=%d", chaosTransaction.Milliseconds()), "kafka.metadata.max.age.ms=1s",
	}
	args := []string{"run"}
	for _, s := range settings {
		args = append(args, "-X", s)
	}
	return args
}

func (a *arm) problem(format string, args ...any) {
	a.problems = append(a.problems, fmt.Sprintf(format, args...))
}

// open makes topics, writer, reader and members, and waits until all of them are at work.
func (a *arm) begin() error {
	if err := os.MkdirAll(a.dir, 0o700); err != nil {
		return err
	}
	client, err := kgo.NewClient(kgo.SeedBrokers(strings.Split(a.brokers, ",")...))
	if err != nil {
		return err
	}
	a.admin = kadm.NewClient(client)
	for _, topic := range []string{a.out, a.in} {
		answer, err := a.admin.CreateTopic(context.Background(), 8, -1, nil, topic)
		if err != nil || answer.Err != nil {
			return fmt.Errorf("creating %s: %v %w", topic, err, answer.Err)
		}
	}
	if a.reader, err = newForeignReader(a.brokers, a.out); err != nil {
		return err
	}
	if a.writer, err = newSteadyWriter(a.brokers, a.in, a.set.seed, a.set.rate); err != nil {
		return err
	}
	for _, m := range a.members {
		if err := m.start(); err != nil {
			return err
		}
	}
	return a.settle(chaosPatience)
}

func (a *arm) close() {
	for _, m := range a.members {
		m.kill()
	}
	if a.writer != nil {
		_ = a.writer.stop(0)
		a.writer.client.Close()
	}
	if a.reader != nil {
		a.reader.close()
	}
	if a.admin != nil {
		a.admin.Close()
	}
}

// settle waits until every member that is wanted has written something, and every partition has been read, from now on.
func (a *arm) settle(within time.Duration) error {
	from := a.reader.length()
	return a.await(within, "work of all members on all partitions", func() bool {
		records, _ := a.reader.since(from)
		lives, partitions := map[string]bool{}, map[int32]bool{}
		for _, r := range records {
			lives[r.life], partitions[r.partition] = true, true
		}
		missing := func(m *member) bool { return m.wanted && !lives[m.life()] }
		return len(partitions) == 8 && !slices.ContainsFunc(a.members, missing)
	})
}

// await looks again and again, and at the members meanwhile.
func (a *arm) await(within time.Duration, what string, good func() bool) error {
	deadline := time.Now().Add(within)
	for !good() {
		if time.Now().After(deadline) {
			return fmt.Errorf("no %s within %v", what, within)
		}
		<-time.After(20 * time.Millisecond)
		if err := a.look(); err != nil {
			return err
		}
	}
	return nil
}

// look starts members again that ended without being asked to.
func (a *arm) look() error {
	for _, m := range a.members {
		if m.wanted && !m.frozen && !m.alive() {
			a.exits = append(a.exits, fmt.Sprintf("%s with %d: %s", m.life(), m.process.ProcessState.ExitCode(), m.lastWords()))
			if err := m.start(); err != nil {
				return err
			}
		}
	}
	return nil
}

// recover kills one member, and measures how long its partitions are without: first it is started again at once, then it stays dead.
func (a *arm) recovery() error {
	victim := a.members[0]
	for _, staysDead := range []bool{false, true} {
		held := a.held(victim.life())
		if len(held) == 0 {
			return fmt.Errorf("%s holds nothing", victim.life())
		}
		victim.kill()
		killed, from, old := time.Now(), a.reader.length(), victim.life()
		if !staysDead {
			if err := victim.start(); err != nil {
				return err
			}
		}
		covered := map[int32]time.Time{}
		err := a.await(chaosPatience, "batch with the partitions of a dead member", func() bool {
			records, _ := a.reader.since(from)
			for _, r := range records {
				if held[r.partition] && r.life != old && covered[r.partition].IsZero() {
					covered[r.partition] = r.seen
				}
			}
			return len(covered) == len(held)
		})
		if err != nil {
			return err
		}
		took := time.Duration(0)
		for _, at := range covered {
			took = max(took, at.Sub(killed))
		}
		if staysDead {
			a.backDead = took
		} else {
			a.backStatic = took
		}
		if err := victim.start(); err != nil {
			return err
		}
		if err := a.settle(chaosPatience); err != nil {
			return err
		}
	}
	return nil
}

// held are the partitions that a life has worked on in the last second, by what has been read.
func (a *arm) held(life string) map[int32]bool {
	records, _ := a.reader.since(0)
	last := map[int32]string{}
	for _, r := range records {
		last[r.partition] = r.life
	}
	held := map[int32]bool{}
	for p, l := range last {
		if l == life {
			held[p] = true
		}
	}
	return held
}

// destroy carries the schedule out, the first event at once.
func (a *arm) destroy(events []chaosEvent) error {
	began, due := time.Now(), time.Now()
	for i, e := range events {
		if i > 0 {
			due = due.Add(e.at - events[i-1].at)
		}
		if err := a.await(time.Hour, "end of waiting", func() bool { return !time.Now().Before(due) }); err != nil {
			return err
		}
		if err := a.do(e, a.members[e.member]); err != nil {
			return err
		}
		if late := time.Now(); late.Sub(due) > time.Second {
			due = late // a member took its time to leave: what comes next is not all done at once
		}
	}
	a.took = time.Since(began)
	return a.hitOnce()
}

// hitOnce goes on with aimed kills until one has hit, if none has yet: there were times when no member that was aimed at had anything
// to do. A control arm that was never hit would prove nothing.
func (a *arm) hitOnce() error {
	for deadline, n := time.Now().Add(2*time.Minute), 0; a.hits == 0; n++ {
		if time.Now().After(deadline) {
			return fmt.Errorf("no member came to %q in two minutes", a.window())
		}
		m := a.members[n%len(a.members)]
		if err := a.do(chaosEvent{deed: deedKill, aimed: true}, m); err != nil {
			return err
		}
		if err := a.do(chaosEvent{deed: deedStart}, m); err != nil {
			return err
		}
	}
	return nil
}

func (a *arm) do(e chaosEvent, m *member) error {
	a.did[e.deed]++
	switch e.deed {
	case deedKill:
		if (e.aimed || a.missed) && m.alive() {
			if a.missed = !m.aim(a.window()); !a.missed {
				a.hits++
			}
		}
		if m.kill() {
			a.killed.Add(1)
		}
	case deedLeave:
		m.leave()
	case deedFreeze:
		m.frozen = true
		m.signal(syscall.SIGSTOP)
	case deedThaw:
		m.frozen = false
		m.signal(syscall.SIGCONT)
	case deedStart:
		a.ended(m.left(chaosPatience))
		return m.start()
	}
	return nil
}

// window is where a kill shows what the mode does not promise.
func (a *arm) window() string {
	if a.delivery == "at-most-once" {
		return markBefore
	}
	return markBehind
}

// ended judges the end of a member that was asked to leave. One may have been fenced a moment before: by a request of the life before
// it, which was killed, that a broker under stress has come to only now. Then it ends, as it would when its name is in use elsewhere.
func (a *arm) ended(err error) {
	switch {
	case err == nil:
	case strings.Contains(err.Error(), "FENCED_INSTANCE_ID"):
		a.exits = append(a.exits, err.Error())
	default:
		a.problem("%v", err)
	}
}

// end lets nothing more come, lets all members leave but one, kills that for good, and lets a new one drain what is left.
func (a *arm) end() error {
	a.kept = a.through()
	// Dropping everything would prove nothing. How much comes through while so much is destroyed hangs on the machine; that it does at all, not.
	if err := a.await(chaosPatience, "arrival of half of what is written", func() bool { return a.through() >= 0.5 }); err != nil {
		return err
	}
	if err := a.writer.stop(chaosPatience); err != nil {
		return err
	}
	for _, m := range a.members[1:] {
		m.leave()
	}
	for _, m := range a.members[1:] {
		a.ended(m.left(chaosPatience))
	}
	// The embedded broker waits for ever for one that died in the midst of a rebalance.
	if err := a.await(chaosPatience, "group of one", func() bool { return a.group(1, "Stable") }); err != nil {
		return err
	}
	a.members[0].kill()
	last := &member{arm: a, name: "last"}
	a.members = append(a.members, last)
	if err := last.start("--drain"); err != nil {
		return err
	}
	last.wanted = false
	return last.left(chaosPatience)
}

// through is the part of what is written that has come through.
func (a *arm) through() float64 {
	return float64(a.reader.distinct()) / float64(max(1, a.writer.acknowledged()))
}

// group tells whether the group has so many members, dead ones included, and is in this state.
func (a *arm) group(members int, state string) bool {
	groups, err := a.admin.DescribeGroups(context.Background(), a.in)
	return err == nil && groups[a.in].Err == nil && len(groups[a.in].Members) == members && groups[a.in].State == state
}

// transactions waits until the group's transactions are closed, at most as long as the brokers may take for one of a dead member.
func (a *arm) transactions() error {
	began := time.Now()
	const most = chaosTransaction + 15*time.Second
	err := a.await(most, "end of the transactions", func() bool {
		all, err := a.admin.ListTransactions(context.Background(), nil, []string{"Ongoing"})
		return err == nil && !slices.ContainsFunc(all.TransactionalIDs(), func(id string) bool { return strings.HasPrefix(id, a.in) })
	})
	a.open = time.Since(began)
	return err
}

// verify is hibana ledger verify over the folders of all instances.
func (a *arm) verify() {
	args := []string{"ledger", "verify", "-X", "kafka.bootstrap.servers=[" + a.brokers + "]", "-X", "kafka.group.id=" + a.in}
	for _, m := range a.members {
		args = append(args, m.folder())
	}
	var out bytes.Buffer
	m := cmd.Main{Job: postJob, Args: args, Stdout: &out, Stderr: &out}
	if code := m.Run(); code != 0 || !strings.Contains(out.String(), "with the offsets committed on") {
		a.problem("hibana ledger verify ends with %d:\n%s", code, out.String())
	}
}

// lag is what Kafka says of the group.
func (a *arm) lag() {
	client, err := kgo.NewClient(kgo.SeedBrokers(strings.Split(a.brokers, ",")...))
	if err != nil {
		a.problem("%v", err)
		return
	}
	defer client.Close()
	var lags map[string]int64
	if err := a.await(chaosPatience, "word about the lag", func() bool {
		lags, err = lag(client, a.in)
		return err == nil && len(lags) == 8
	}); err != nil {
		a.problem("%v; there is %v, %v", err, lags, err)
	}
	for p, n := range lags {
		if n != 0 {
			a.problem("the lag of %s is %d", p, n)
		}
	}
}
