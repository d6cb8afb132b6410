package cmd_test

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

// chaosVariable asks for another form of the chaos run: words such as seed=7 kills=100 brokers=5, see chaosSettings.
const chaosVariable = "HIBANA_TEST_CHAOS"

// chaosSettings say how much is destroyed, and what is run meanwhile.
type chaosSettings struct {
	seed     uint64 // of the schedule and of what is written
	kills    int    // kill -9 of instances, in each arm
	brokers  int    // kill -9 of brokers
	members  int    // instances of each arm
	rate     int    // records a second, in each arm
	exchange string // memory: a job without state; partition: with a running count per key
	arms     string // the modes that are run side by side, with commas between them
	port     int    // of the brokers that the test starts itself
	dir      string // a folder that keeps logs and ledgers; empty: a temporary one, removed when all is well
}

// Timeouts of the instances under test: short, so that what they bound happens often.
const (
	chaosSession     = 6 * time.Second
	chaosTransaction = 5 * time.Second
	chaosHeartbeat   = time.Second
	chaosScan        = time.Second // how often the brokers of .ci/kafka look for transactions that have timed out
)

// chaosPatience bounds every wait for something that has to come. Brokers that have just been started on a machine with twenty
// times the work that it can do need a minute and more for the first transactions.
const chaosPatience = 3 * time.Minute

// asked overlays what HIBANA_TEST_CHAOS says.
func (s chaosSettings) asked(t *testing.T) chaosSettings {
	t.Helper()
	for _, word := range strings.Fields(os.Getenv(chaosVariable)) {
		key, value, _ := strings.Cut(word, "=")
		if err := s.set(key, value); err != nil {
			t.Fatalf("%s: %q: %v; there are seed, kills, brokers, members, rate, exchange, arms, port and dir", chaosVariable, word, err)
		}
	}
	return s
}

func (s *chaosSettings) set(key, value string) error {
	numbers := map[string]*int{"kills": &s.kills, "brokers": &s.brokers, "members": &s.members, "rate": &s.rate, "port": &s.port}
	words := map[string]*string{"exchange": &s.exchange, "arms": &s.arms, "dir": &s.dir}
	var err error
	switch {
	case key == "seed":
		s.seed, err = strconv.ParseUint(value, 10, 64)
	case numbers[key] != nil:
		*numbers[key], err = strconv.Atoi(value)
	case words[key] != nil:
		*words[key] = value
	default:
		err = fmt.Errorf("no such setting")
	}
	return err
}

// job is the job of the workers.
func (s chaosSettings) job() string {
	if s.exchange == "memory" {
		return "chaos"
	}
	return "chaos-state"
}
