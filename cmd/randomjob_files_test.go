//go:build synctests

package cmd_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// The files that random jobs save are the same as well, one for each batch of the stream, whatever its name's time: those of empty batches,
// and those of a job that was stopped and started again, among them. The control arm is a job that differs in one place.
func TestRandomJobsSaveTheSameFilesInTheKitAndInTheProgram(t *testing.T) {
	tested, told := 0, 0
	for seed := uint64(1); tested < 5; seed++ {
		job := grow(seed)
		if job.byPartition { // the lines have another order
			continue
		}
		tested++
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			job.folder = t.TempDir()
			written := job.inProgram(t)
			first, err := strconv.Atoi(timeLine.FindStringSubmatch(written)[1])
			if err != nil {
				t.Fatal(err)
			}
			program := savedSince(t, job.folder, first)
			job.lead = job.leading(t, sinceTheFirst(t, written))
			kit := func(job randomJob) map[string]string {
				job.folder = t.TempDir()
				job.inKit(t)
				return savedSince(t, job.folder, int(jobInterval.Milliseconds()))
			}
			if got := kit(job); !maps.Equal(got, program) || len(program) == 0 {
				t.Errorf("the kit saved %q\nthe program %q\n%v", got, program, job)
			}
			if slices.ContainsFunc(job.changed(), func(other randomJob) bool { return !maps.Equal(kit(other), program) }) {
				told++
			}
		})
	}
	if told < tested-1 {
		t.Errorf("in %d of %d jobs a change shows in their files, which proves little", told, tested)
	}
}

// savedSince are a folder's files by their names, with the times in them counted from the first batch's, in milliseconds.
func savedSince(t *testing.T, folder string, first int) map[string]string {
	t.Helper()
	files, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	saved := map[string]string{}
	for _, f := range files {
		at, err := strconv.Atoi(strings.TrimSuffix(strings.TrimPrefix(f.Name(), "out-"), ".txt"))
		if err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(filepath.Join(folder, f.Name()))
		if err != nil {
			t.Fatal(err)
		}
		saved[fmt.Sprintf("out-%d.txt", at-first)] = string(text)
	}
	return saved
}
