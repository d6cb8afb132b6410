package cmd_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/pprof"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/hibana-stream/hibana/actors/kafka"
)

// benchRole, set in the environment, makes the test binary one side of a comparison, or the broker between them.
const benchRole = "HIBANA_BENCH_ROLE"

// bench describes a comparison to a child process.
type bench struct {
	Role    string // broker, loop, hibana
	Work    string // one of workloads
	Brokers string
	Topic   string
	Keys    int
	Records int
	// Known is how many records pass before a record's cost is looked at; 0: all are.
	Known int
	Args  []string
}

// workload is one thing that both sides do with all records of the topic. Each tells how many records its result accounts for, so that
// no side wins by leaving something out.
type workload struct {
	loop func(b bench) int
	job  job
	// args are of the program that runs the job.
	args []string
}

// usage is what a child says of itself.
type usage struct {
	CPU     float64 // seconds, user and system
	RSS     int64   // the most it had resident, bytes
	Records int
	// Later is the CPU time of a record that came after those that are to be known.
	Later float64
}

// later measures the records behind the first ones.
type later struct {
	known, at int
	cpu       float64
}

// passed is told how many records have passed.
func (l *later) passed(records int) {
	if l.at == 0 && records >= l.known {
		l.at, l.cpu = records, spent()
	}
}

// measured is that of this process.
var measured later

func benchChild(text string) int {
	var b bench
	if err := json.Unmarshal([]byte(text), &b); err != nil {
		panic(err)
	}
	measured.known = b.Known
	switch b.Role {
	case "broker":
		return b.broker()
	case "loop":
		return report(workloads[b.Work].loop(b))
	}
	defer b.profile()()
	return report(b.hibana(workloads[b.Work]))
}

// profile writes where the program's time goes to the folder that HIBANA_BENCH_PROFILE names, if it does.
func (b bench) profile() (end func()) {
	folder := os.Getenv("HIBANA_BENCH_PROFILE")
	if folder == "" {
		return func() {}
	}
	f, err := os.Create(filepath.Join(folder, fmt.Sprintf("%s-%d.pprof", b.Work, os.Getpid())))
	if err != nil {
		panic(err)
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		panic(err)
	}
	return pprof.StopCPUProfile
}

func report(records int) int {
	u := usage{CPU: spent(), RSS: peak(), Records: records}
	if records > measured.at {
		u.Later = (u.CPU - measured.cpu) / float64(records-measured.at)
	}
	_ = json.NewEncoder(os.Stderr).Encode(u)
	return 0
}

// spent is the CPU time of this process, user and system, in seconds.
func spent() float64 {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		panic(err)
	}
	return float64(r.Utime.Nano()+r.Stime.Nano()) / 1e9
}

// peak is the most that this process has had resident. Rusage knows it as well, but begins with what the parent had.
func peak() int64 {
	status, _ := os.ReadFile("/proc/self/status")
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	if fields := strings.Fields(rest); len(fields) > 0 {
		n, _ := strconv.ParseInt(fields[0], 10, 64)
		return n << 10
	}
	return 0
}

// child runs the test binary in a role, to its end.
func (b bench) child(t testing.TB, role string) usage {
	t.Helper()
	b.Role = role
	c := b.command()
	var stdout, stderr bytes.Buffer
	c.Stdout, c.Stderr = &stdout, &stderr
	if err := c.Run(); err != nil {
		t.Fatalf("%s: %v\n%s%s", role, err, stdout.String(), stderr.String())
	}
	var u usage
	if err := json.Unmarshal(stderr.Bytes(), &u); err != nil || u.Records != b.Records {
		t.Fatalf("%s counted %d of %d: %v\n%s%s", role, u.Records, b.Records, err, stdout.String(), stderr.String())
	}
	return u
}

// command is the test binary in the role.
func (b bench) command() *exec.Cmd {
	text, err := json.Marshal(b)
	if err != nil {
		panic(err)
	}
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), benchRole+"="+string(text))
	return c
}

// broker serves until its standard input ends.
func (b bench) broker() int {
	broker, err := kafka.NewBroker(kafka.BrokerConfig{Listen: "127.0.0.1:0", Partitions: 16, RetentionBytes: -1, Topics: []string{b.Topic}})
	if err != nil {
		panic(err)
	}
	fmt.Println(broker.Addr())
	_, _ = os.Stdin.Read(make([]byte, 1))
	return 0
}

func (b bench) startBroker(t testing.TB) string {
	t.Helper()
	b.Role = "broker"
	c := b.command()
	in, _ := c.StdinPipe()
	out, _ := c.StdoutPipe()
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = in.Close(); _ = c.Wait() })
	address := make([]byte, 64)
	n, err := out.Read(address)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(address[:n]))
}
