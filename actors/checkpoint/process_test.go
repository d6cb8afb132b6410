package checkpoint

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"testing"
)

// childFolder tells a child process of TestKilledProcess where to save.
const childFolder = "CHECKPOINT_TEST_FOLDER"

// A real process saves batches as fast as it can and is killed with -9, again and again on the same folder. The folder is free at
// once, and holds what the process said it had saved, or one batch more.
func TestKilledProcess(t *testing.T) {
	if dir := os.Getenv(childFolder); dir != "" {
		saveForever(dir)
		return
	}
	dir := t.TempDir()
	for run := range 8 {
		child := exec.Command(os.Args[0], "-test.run=^TestKilledProcess$")
		child.Env = append(os.Environ(), childFolder+"="+dir)
		said := saidBeforeKilled(t, child, 5+40*run)
		s, err := Open(dir, "parent")
		if err != nil {
			t.Fatal(err)
		}
		p, got := load(t, s)
		if n := int(p.Time.Unix()); n != said && n != said+1 || len(got) == 0 || got[[2]string{"totals", ""}] != fmt.Sprint(n) {
			t.Errorf("the process said it had saved %d batches; the folder holds %s\n%v", said, describe(p), got)
		}
		for _, w := range s.Warnings() {
			t.Log(w)
		}
		_ = s.Close()
	}
}

// saveForever goes on where the folder ends and says the number of every batch that is saved.
func saveForever(dir string) {
	s, err := Open(dir, "child", CompactFrom(4000))
	if err != nil {
		fmt.Println(err)
		return
	}
	all := state{}
	p, _, err := s.Load(all.applyAll)
	for n := int(p.Time.Unix()); err == nil; {
		n = max(n, 0) + 1
		b := batch(n, all)
		if err = s.Plan(planOf(b.progress)); err == nil {
			err = b.to(s)
		}
		all = b.state
		fmt.Println(n)
	}
	fmt.Println(err)
}

// saidBeforeKilled kills the child after a number of lines and returns the last number that it said.
func saidBeforeKilled(t *testing.T, child *exec.Cmd, lines int) (last int) {
	t.Helper()
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	in := bufio.NewScanner(out)
	for n := 1; in.Scan(); n++ {
		if last, err = strconv.Atoi(in.Text()); err != nil {
			t.Fatalf("the child says %q", in.Text())
		}
		if n == lines {
			_ = child.Process.Kill() // What it has said until it is gone still comes out of the pipe.
		}
	}
	_ = child.Wait()
	return last
}
