package cmd

import (
	"math"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestBytesAreReadWithAndWithoutUnits(t *testing.T) {
	for text, want := range map[string]int64{
		"0": 0, "65536": 65536, "64KiB": 64 << 10, "64kib": 64 << 10, "64 MiB": 64 << 20, "1.5GiB": 3 << 29, "10MB": 10_000_000, "1kB": 1000, "5B": 5, "2TiB": 2 << 40,
		"9223372036854775807": math.MaxInt64,
	} {
		if n, err := parseBytes(text); err != nil || n != want {
			t.Errorf("%s: %d, %v", text, n, err)
		}
	}
	for _, text := range []string{"", "KiB", "1.5", "0.3KiB", "1e3", "1_000", "64M", "64Mi", "1 PiB", "9223372036854775808", "--1", "1..2KiB", "0x10", "９"} {
		if n, err := parseBytes(text); err == nil {
			t.Errorf("%q: %d", text, n)
		}
	}
}

func TestRatesAreRecordsASecond(t *testing.T) {
	for text, want := range map[string]float64{"0": 0, "5/s": 5, "300/m": 5, "0.5/s": 0.5, "3600/h": 1, "5 / s": 5, "0/s": 0, "5/sec": 5} {
		if r, err := parseRate(text); err != nil || r != want {
			t.Errorf("%s: %v, %v", text, r, err)
		}
	}
	for _, text := range []string{"", "5", "/s", "5/", "5/d", "-1/s", "NaN/s", "Inf/s", "5/s/s", "fast"} {
		if r, err := parseRate(text); err == nil {
			t.Errorf("%q: %v", text, r)
		}
	}
}

// What is written is what is read: any number of bytes, in any unit that divides it.
func TestBytesRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64Range(0, 1<<50).Draw(t, "n")
		unit := rapid.SampledFrom([]string{"", "B", "KiB", "MiB", "kB", "MB"}).Draw(t, "unit")
		factor := map[string]int64{"": 1, "B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "kB": 1000, "MB": 1e6}[unit]
		n /= factor
		if got, err := parseBytes(itoa(n) + unit); err != nil || got != n*factor {
			t.Fatalf("%d%s: %d, %v", n, unit, got, err)
		}
	})
}

func TestDurationsRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := time.Duration(rapid.Int64Range(0, int64(100*time.Hour)).Draw(t, "d"))
		for _, text := range []string{d.String(), brief(d)} {
			if got, err := parseDuration(text); err != nil || got != d {
				t.Fatalf("%s: %v, %v", text, got, err)
			}
		}
	})
}

// What an error proposes must itself be accepted.
func TestSuggestionsAreAccepted(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.SampledFrom(settingRows).Draw(t, "setting")
		text := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{
			"2", "1d", "5 min", "64M", "yes", "off", "at_least_once", "0.0.0.0:1", "a b", "99999999", "-5", "5/day", "(", "warning", "10 Seconds", "?.", "..?", strings.Repeat("x", 300),
		})).Draw(t, "text")
		wrong, ok := s.kind.set(new(Config), []string{text}).(*badValue)
		if !ok || wrong.nearest == "" {
			return
		}
		if again, ok := s.kind.set(new(Config), []string{wrong.nearest}).(*badValue); ok && inRange(again) {
			t.Fatalf("%s: %q: did you mean %q? No: %v", s.key, text, wrong.nearest, again)
		}
	})
}

// inRange tells whether a suggestion is wrong in itself: a spelling may be mended and the amount still out of bounds.
func inRange(b *badValue) bool { return b.nearest == "" }
