package cmd_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"text/tabwriter"
	"time"
)

// The chaos proof. A job from Kafka to Kafka runs in the three modes side by side, in several instances each, real processes on the
// same brokers. By a schedule that the seed decides, the same for every mode, instances are killed with -9 and started again, some at
// once and some after their session has timed out, some are frozen with SIGSTOP for longer than their session lasts, some leave and
// join; brokers are killed and restarted. A foreign reader of committed records reads the copy all the while. At the end:
//
//   - exactly-once: every record once, in order for each key, with the running count of a model, and no batch is torn;
//   - at-least-once: nothing is lost, at-most-once: nothing is repeated;
//   - these two are the control arms: the one has to repeat and the other to lose something, at most one batch for each kill, or the
//     run proves nothing and fails;
//   - hibana ledger verify finds the ledgers of all instances contiguous, up to the committed offsets;
//   - Kafka says that the lag is 0, and that no transaction is open any more.
//
// TestClusterChaos wants three real brokers. Its long form is one command, which starts them itself, and ends with a table:
//
//	HIBANA_TEST_CHAOS="seed=7 kills=100 brokers=5" go test ./cmd -run TestClusterChaos -v -timeout 1h
//
// Words left out have the value of the short form; arms=exactly-once runs one mode alone; chaosSettings has the rest.
func TestClusterChaos(t *testing.T) {
	long := os.Getenv(chaosVariable) != ""
	if os.Getenv("HIBANA_TEST_KAFKA_CLUSTER") == "" && !long {
		t.Skip("HIBANA_TEST_KAFKA_CLUSTER is not set; " + chaosVariable + " starts brokers itself")
	}
	set := chaosSettings{seed: 1, kills: 20, brokers: 1, members: 3, rate: 500, exchange: "partition", arms: "at-most-once,at-least-once,exactly-once", port: 19292}.asked(t)
	brokers := newChaosBrokers(t, set.port)
	if err := brokers.inSync(chaosPatience); err != nil {
		t.Fatal(err)
	}
	runChaos(t, set, brokers.addresses, brokers, func() {})
}

// TestKafkaChaos is the same on one broker: the real one that HIBANA_TEST_KAFKA names, or an embedded cluster that makes mistakes: it
// answers wrongly, breaks connections, moves leaders and coordinators.
func TestKafkaChaos(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("kills real processes for ten seconds and more: not with -short")
	}
	set := chaosSettings{seed: 1, kills: 10, members: 2, rate: 400, exchange: "partition", arms: "at-most-once,at-least-once,exactly-once"}.asked(t)
	addresses, mend := os.Getenv("HIBANA_TEST_KAFKA"), func() {}
	if addresses == "" {
		addresses, mend = startFaulty(t, set.seed)
	}
	runChaos(t, set, addresses, nil, mend)
}

// runChaos runs the arms side by side, and brokers are killed meanwhile, if they can be.
func runChaos(t *testing.T, set chaosSettings, addresses string, brokers *chaosBrokers, mend func()) {
	t.Helper()
	dir := set.dir
	if dir == "" {
		var err error
		if dir, err = os.MkdirTemp("", "hibana-chaos-"); err != nil {
			t.Fatal(err)
		}
	}
	var arms []*arm
	for _, delivery := range strings.Split(set.arms, ",") {
		arms = append(arms, newArm(set, delivery, addresses, dir))
	}
	began := time.Now()
	all := &chaosRun{t: t, set: set, arms: arms, brokers: brokers, mend: mend, events: schedule(set), verdicts: make([]verdict, len(arms))}
	all.run()
	t.Logf("seed %d, %v\n%s", set.seed, time.Since(began).Round(time.Second), all.table())
	for _, a := range arms {
		for _, p := range a.problems {
			t.Errorf("%s: %s", a.delivery, p)
		}
	}
	if t.Failed() || set.dir != "" {
		t.Logf("logs and ledgers are in %s", dir)
		return
	}
	_ = os.RemoveAll(dir)
}

// chaosRun is one run of all arms.
type chaosRun struct {
	t        *testing.T
	set      chaosSettings
	arms     []*arm
	brokers  *chaosBrokers
	mend     func() // the brokers make no more mistakes
	events   []chaosEvent
	verdicts []verdict
}

// each does a step in all arms at once, and waits for all; an arm that has failed does nothing more.
func (c *chaosRun) each(what string, step func(int, *arm) error) {
	c.t.Helper()
	c.t.Log(what)
	var work sync.WaitGroup
	for i, a := range c.arms {
		if !a.failed {
			work.Go(func() {
				if err := step(i, a); err != nil {
					a.failed = true
					a.problem("%s: %v", what, err)
				}
			})
		}
	}
	work.Wait()
}

func (c *chaosRun) run() {
	defer func() {
		for _, a := range c.arms {
			a.close()
		}
	}()
	c.each("starting", func(_ int, a *arm) error { return a.begin() })
	if c.brokers != nil {
		c.each("one member is killed and started again, then killed and left dead", func(_ int, a *arm) error { return a.recovery() })
	}
	c.destruction()
	c.each("ending: all leave but one, which is killed for good, and a new one drains", func(_ int, a *arm) error { return a.end() })
	c.mend()
	c.each("comparing", func(i int, a *arm) error {
		if err := a.transactions(); err != nil {
			return err
		}
		if err := a.reader.finish(chaosPatience); err != nil {
			return err
		}
		a.verify()
		a.lag()
		var err error
		if c.verdicts[i], err = a.judge(); err != nil {
			return err
		}
		a.check(c.verdicts[i])
		return nil
	})
}

// destruction kills what is to be killed, and tells how far it is.
func (c *chaosRun) destruction() {
	ctx, cancel := context.WithCancel(context.Background())
	var work sync.WaitGroup
	work.Go(func() { c.progress(ctx) })
	var brokers sync.WaitGroup
	if c.brokers != nil {
		brokers.Go(func() {
			if err := c.brokers.destroy(ctx, c.set.seed, c.set.brokers); err != nil {
				c.t.Errorf("brokers: %v", err)
			}
		})
	}
	c.each("destruction", func(_ int, a *arm) error { return a.destroy(c.events) })
	brokers.Wait()
	cancel()
	work.Wait()
}

func (c *chaosRun) progress(ctx context.Context) {
	for began := time.Now(); pause(ctx, 10*time.Second); {
		line := fmt.Sprintf("%4.0f s:", time.Since(began).Seconds())
		for _, a := range c.arms {
			line += fmt.Sprintf("  %s %d of %d kills, %d of %d records;", a.delivery, a.killed.Load(), c.set.kills, a.reader.distinct(), a.writer.acknowledged())
		}
		if c.brokers != nil {
			line += fmt.Sprintf("  brokers %d of %d", c.brokers.killed.Load(), c.set.brokers)
		}
		c.t.Log(line)
	}
}

// table is the summary.
func (c *chaosRun) table() string {
	var text strings.Builder
	w := tabwriter.NewWriter(&text, 0, 0, 2, ' ', tabwriter.AlignRight)
	row := func(name string, cell func(*arm, verdict) any) {
		fmt.Fprintf(w, "%s\t", name)
		for i, a := range c.arms {
			fmt.Fprintf(w, "%v\t", cell(a, c.verdicts[i]))
		}
		fmt.Fprintln(w)
	}
	short := func(d time.Duration) string { return d.Round(10 * time.Millisecond).String() }
	row("", func(a *arm, _ verdict) any { return a.delivery })
	row("records written", func(_ *arm, v verdict) any { return v.written })
	row("records found", func(_ *arm, v verdict) any { return v.found })
	row("lost", func(_ *arm, v verdict) any { return v.lost })
	row("repeated", func(_ *arm, v verdict) any { return v.repeated })
	row("out of order", func(_ *arm, v verdict) any { return v.disordered })
	row("wrong counts", func(_ *arm, v verdict) any { return v.wrong })
	row("batches torn", func(_ *arm, v verdict) any { return v.torn })
	row("batches lost", func(_ *arm, v verdict) any { return v.batchesLost })
	row("batches repeated", func(_ *arm, v verdict) any { return v.batchesRepeated })
	row("instances killed", func(a *arm, _ verdict) any { return a.killed.Load() })
	row("… in the window", func(a *arm, _ verdict) any { return a.hits })
	row("frozen", func(a *arm, _ verdict) any { return a.did[deedFreeze] })
	row("left", func(a *arm, _ verdict) any { return a.did[deedLeave] })
	row("ended by themselves", func(a *arm, _ verdict) any { return len(a.exits) })
	row("runs that failed", func(_ *arm, v verdict) any { return v.failures })
	if c.brokers != nil {
		row("brokers killed", func(*arm, verdict) any { return c.brokers.killed.Load() })
	}
	row("destruction took", func(a *arm, _ verdict) any { return short(a.took) })
	row("through by its end", func(a *arm, _ verdict) any { return fmt.Sprintf("%.0f %%", 100*a.kept) })
	if c.brokers != nil {
		row("back after a restart", func(a *arm, _ verdict) any { return short(a.backStatic) })
		row("back without one", func(a *arm, _ verdict) any { return short(a.backDead) })
		row("… at most", func(a *arm, _ verdict) any { return a.bound() })
	}
	row("longest batch to read", func(_ *arm, v verdict) any { return short(v.spread) })
	row("transactions open", func(a *arm, _ verdict) any { return short(a.open) })
	_ = w.Flush()
	for _, a := range c.arms {
		for _, e := range a.exits {
			fmt.Fprintf(&text, "%s: ended by itself: %s\n", a.delivery, e)
		}
	}
	return text.String()
}

// bound is how long the partitions of a member that stays dead may be without.
func (a *arm) bound() time.Duration {
	if a.delivery == "exactly-once" {
		return max(chaosSession, chaosTransaction+chaosScan) + 3*time.Second
	}
	return chaosSession + 3*time.Second
}
