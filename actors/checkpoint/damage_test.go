package checkpoint

import (
	"errors"
	"hash/crc32"
	"slices"
	"strings"
	"testing"
)

// aged is a disk with two generations, and everything that the store held on the way there.
func aged(t testing.TB) (d *disk, past []string) {
	t.Helper()
	d = newDisk()
	h := begin()
	s, err := open(d, CompactFrom(700))
	if err != nil {
		t.Fatal(err)
	}
	compactions := 0
	for compactions < 2 || len(s.chain.logs) > 1 || s.chain.logs[0].end == preambleSize || h.n%7 != 0 {
		before := s.chain.snapshot
		past = append(past, h.holds)
		if err := h.run(s, h.n+1); err != nil {
			t.Fatal(err)
		}
		past = append(past, picture(h.last.progress, h.last.state))
		if s.chain.snapshot != before {
			compactions++
		}
	}
	return d, past
}

// The last log ends at any byte: the state is that of the last whole frame, and what was cut off is said.
func TestTornAtEveryByte(t *testing.T) {
	d, h := newDisk(), begin()
	s, err := open(d)
	if err != nil {
		t.Fatal(err)
	}
	ends := map[int]string{preambleSize: h.holds}
	for n := 1; n <= 6; n++ {
		b := batch(n, h.last.state)
		if err := s.Plan(planOf(b.progress)); err != nil {
			t.Fatal(err)
		}
		ends[int(s.chain.logs[0].end)] = pictureOf(t, s)
		if err := b.to(s); err != nil {
			t.Fatal(err)
		}
		ends[int(s.chain.logs[0].end)], h.last = pictureOf(t, s), b
	}
	whole := d.names[logName(1)].data
	want := ""
	for n := preambleSize; n <= len(whole); n++ {
		d := d.killed()
		d.names[logName(1)].data = whole[:n:n]
		s, err := open(d)
		if err != nil {
			t.Fatalf("%d bytes: %v", n, err)
		}
		now, atFrame := ends[n]
		if atFrame {
			want = now
		}
		if got := pictureOf(t, s); got != want {
			t.Fatalf("%d bytes hold\n%s\nwant\n%s", n, got, want)
		}
		if w := s.Warnings(); len(w) > 1 || (len(w) == 0) != atFrame || !atFrame && !strings.Contains(w[0], "interrupted") {
			t.Fatalf("%d bytes: warnings %q", n, w)
		}
	}
}

// checkDamaged opens a store on a disk of which one file is not what it was; it returns nil when that is refused.
func checkDamaged(t *testing.T, d *disk, name string, past []string) *Store {
	t.Helper()
	s, err := open(d)
	if err != nil {
		var corrupt *CorruptError
		if !errors.As(err, &corrupt) || !strings.Contains(err.Error(), d.path(name)) {
			t.Fatalf("%s: error %v", name, err)
		}
		return nil
	}
	warnings := strings.Join(s.Warnings(), "\n")
	if strings.Contains(warnings, "interrupted") {
		t.Fatalf("%s: a damage is not a crash: %s", name, warnings)
	}
	got := pictureOf(t, s)
	switch newest := past[len(past)-1]; {
	case got == newest && (warnings == "" || strings.Contains(warnings, "is complete")):
	case slices.Contains(past, got) && strings.Contains(warnings, d.path(name)) && strings.Contains(warnings, "is older"):
	default:
		t.Fatalf("%s: it holds\n%s\nwarnings %s", name, got, warnings)
	}
	return s
}

// checkGoesOn saves a few batches on what was recovered: that must stand, without a warning about what is set aside by then.
func checkGoesOn(t *testing.T, d *disk, s *Store) {
	t.Helper()
	warned := s.Warnings()
	if again, err := open(d.killed()); err != nil || !slices.Equal(again.Warnings(), warned) {
		t.Fatalf("until something is written every opening warns: %v, %q and %q", err, again.Warnings(), warned)
	}
	_, before := load(t, s)
	b := fill(t, s, 900, 903, before)
	wantState(t, s, b)
	again, err := open(d.killed())
	if err != nil || len(again.Warnings()) > 0 && len(warned) == 0 {
		t.Fatalf("opening again: %v, %q", err, again.Warnings())
	}
	wantState(t, again, b)
}

// One bit anywhere in any file is wrong: the file is refused by name, or not needed, or an older generation stands in; what is
// loaded is always something that was saved.
func TestEveryBitFlipped(t *testing.T) {
	d, past := aged(t)
	names, _ := d.list()
	if g := survey(names); len(g.snapshots) != 2 || len(g.logs) != 2 {
		t.Fatalf("files %q", names)
	}
	for _, name := range names {
		for i := range d.names[name].data {
			for bit := range 8 {
				flipped := d.killed()
				flipped.names[name].data[i] ^= 1 << bit
				if s := checkDamaged(t, flipped, name, past); s != nil && bit == 0 {
					checkGoesOn(t, flipped, s)
				}
			}
		}
	}
}

// A file is cut short, or gone. Only for the last log can that not be told from a crash.
func TestFilesCutShort(t *testing.T) {
	d, past := aged(t)
	names, _ := d.list()
	last := names[len(names)-2]
	for _, name := range names {
		if name == last {
			continue
		}
		for n := range d.names[name].data {
			short := d.killed()
			short.names[name].data = short.names[name].data[:n]
			checkDamaged(t, short, name, past)
		}
		if strings.HasSuffix(name, ".log") {
			missing := d.killed()
			delete(missing.names, name)
			checkDamaged(t, missing, name, past)
		}
	}
	missing := d.killed()
	delete(missing.names, last)
	checkDamaged(t, missing, last, past)
}

// The newest snapshot is damaged: the older one and the logs make up the whole state; the next save writes a new generation.
func TestDamagedSnapshot(t *testing.T) {
	d, past := aged(t)
	names, _ := d.list()
	newest := names[len(names)-1]
	d.names[newest].data[100]++
	s, err := open(d)
	if err != nil {
		t.Fatal(err)
	}
	if got := pictureOf(t, s); got != past[len(past)-1] {
		t.Errorf("it holds\n%s", got)
	}
	_, before := load(t, s)
	b := fill(t, s, 900, 900, before)
	if s, err = open(d); err != nil || len(s.Warnings()) > 0 {
		t.Fatalf("after a save: %v, %q", err, s.Warnings())
	}
	wantState(t, s, b)
}

// The last log is damaged in the middle: the error, or the warning, says file, byte, and what was expected.
func TestDamageIsNamed(t *testing.T) {
	d, h := newDisk(), begin()
	s, _ := open(d)
	if err := h.run(s, 3); err != nil {
		t.Fatal(err)
	}
	d.names[logName(1)].data[preambleSize+frameHeader+3]++
	_, err := open(d)
	want := "/disk/state-000001.log is damaged at byte 32: expected frame 1 with the checksum "
	if !errors.Is(err, ErrCorrupt) || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "move the folder away") {
		t.Errorf("error %v", err)
	}
}

// A newer program's files are not damaged: nothing older stands in for them. Nor are an older one's.
func TestAnotherVersion(t *testing.T) {
	for by, says := range map[int8]string{1: "version 4; this program reads 3", -1: "version 2; this program reads 3"} {
		anotherVersion(t, by, says)
	}
}

func anotherVersion(t *testing.T, by int8, says string) {
	d, _ := aged(t)
	names, _ := d.list()
	data := d.names[names[len(names)-1]].data
	data[8] += byte(by)
	b := crc32.Checksum(data[:28], castagnoli)
	data[28], data[29], data[30], data[31] = byte(b), byte(b>>8), byte(b>>16), byte(b>>24)
	if _, err := open(d); !errors.Is(err, ErrVersion) || !strings.Contains(err.Error(), says) {
		t.Errorf("error %v", err)
	}
}
