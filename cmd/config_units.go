package cmd

import (
	"fmt"
	"math"
	"math/big"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// badValue is a value that cannot be accepted: why, and what was probably meant ("" for no idea).
type badValue struct{ problem, nearest string }

func (b *badValue) Error() string { return b.problem }

func bad(nearest, format string, args ...any) error {
	return &badValue{problem: fmt.Sprintf(format, args...), nearest: nearest}
}

var number = regexp.MustCompile(`^-?[0-9]+(\.[0-9]+)?$`)

// parseDuration reads 500ms, 2s, 1m30s. A bare number is refused, because seconds and milliseconds are both usual; 0 needs no unit.
func parseDuration(text string) (time.Duration, error) {
	if number.MatchString(text) && strings.Trim(text, "0.") != "" {
		return 0, bad(text+"s", "%q has no unit", text)
	}
	d, err := time.ParseDuration(text)
	if err == nil {
		return d, nil
	}
	if tight := strings.ToLower(strings.ReplaceAll(text, " ", "")); tight != text {
		if _, err := time.ParseDuration(tight); err == nil {
			return 0, bad(tight, "%q is not a duration", text)
		}
	}
	return 0, bad(spelled(text), "%q is not a duration", text)
}

// spelled turns 10 seconds, 5min and 1d into what is accepted; "" when it is none of these.
func spelled(text string) string {
	amount, unit := split(text)
	n, err := strconv.ParseFloat(amount, 64)
	if err != nil {
		return ""
	}
	switch strings.TrimSuffix(strings.ToLower(unit), "s") {
	case "milli", "millisecond", "msec":
		return amount + "ms"
	case "sec", "second":
		return amount + "s"
	case "min", "minute":
		return amount + "m"
	case "hour", "hr":
		return amount + "h"
	case "d", "day":
		return strconv.FormatFloat(24*n, 'g', -1, 64) + "h"
	}
	return ""
}

// split parts a number from the unit behind it.
func split(text string) (amount, unit string) {
	end := strings.LastIndexAny(text, "0123456789.") + 1
	return strings.TrimSpace(text[:end]), strings.TrimSpace(text[end:])
}

// byteUnits are powers of 1024 with an i, of 1000 without; a number alone is bytes.
var byteUnits = map[string]int64{
	"": 1, "b": 1,
	"kib": 1 << 10, "mib": 1 << 20, "gib": 1 << 30, "tib": 1 << 40,
	"kb": 1e3, "mb": 1e6, "gb": 1e9, "tb": 1e12,
}

// parseBytes reads 65536, 64KiB, 1.5GiB, 1MB.
func parseBytes(text string) (int64, error) {
	amount, unit := split(text)
	factor, ok := byteUnits[strings.ToLower(unit)]
	if !ok {
		if _, ok := byteUnits[strings.ToLower(unit)+"ib"]; ok {
			return 0, bad(amount+strings.ToUpper(unit)+"iB", "%q is not a size", text)
		}
		return 0, bad("", "%q is not a size", text)
	}
	if !number.MatchString(amount) || len(amount) > 30 {
		return 0, bad("", "%q is not a size", text)
	}
	exact, _ := new(big.Rat).SetString(amount)
	exact.Mul(exact, new(big.Rat).SetInt64(factor))
	if !exact.IsInt() {
		return 0, bad("", "%q is not a whole number of bytes", text)
	}
	if !exact.Num().IsInt64() {
		return 0, bad("", "%q is too large", text)
	}
	return exact.Num().Int64(), nil
}

var perUnit = map[string]float64{"s": 1, "sec": 1, "second": 1, "m": 60, "min": 60, "minute": 60, "h": 3600, "hour": 3600}

// parseRate reads 5/s, 300/m and 0: records a second.
func parseRate(text string) (float64, error) {
	amount, unit, found := strings.Cut(text, "/")
	seconds, known := perUnit[strings.TrimSpace(unit)]
	n, err := strconv.ParseFloat(strings.TrimSpace(amount), 64)
	switch {
	case err != nil || found && !known || math.IsInf(n, 0) || math.IsNaN(n):
		return 0, bad("", "%q is not a rate", text)
	case n < 0:
		return 0, bad("", "%q is below 0", text)
	case !found && n != 0:
		return 0, bad(text+"/s", "%q has no unit", text)
	case n == 0:
		return 0, nil
	}
	return n / seconds, nil
}

// parseBool reads true and false, and knows what YAML's older words mean.
func parseBool(text string) (bool, error) {
	switch strings.ToLower(text) {
	case "true":
		return true, nil
	case "false":
		return false, nil
	case "yes", "on", "y", "1":
		return false, bad("true", "%q is neither true nor false", text)
	case "no", "off", "n", "0":
		return false, bad("false", "%q is neither true nor false", text)
	}
	return false, bad("", "%q is neither true nor false", text)
}
