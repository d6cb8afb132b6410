package kafka

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/agext/levenshtein"
)

// parser is how the text of a property of this kind is read.
func (p Property) parser() func(string) (any, error) {
	switch p.Kind {
	case KindInt:
		return p.whole
	case KindDuration:
		return p.duration
	case KindBytes:
		return p.bytes
	case KindBool:
		return truth
	case KindEnum:
		return p.choose
	case KindList:
		return list
	case KindSecret:
		return func(text string) (any, error) { return secretly(text), nil }
	}
	return func(text string) (any, error) { return strings.TrimSpace(text), nil }
}

// accepted puts in words what parser accepts.
func (p Property) accepted() string {
	switch p.Kind {
	case KindInt:
		return fmt.Sprintf("a whole number from %d to %d", p.min, p.max)
	case KindDuration:
		return fmt.Sprintf("%v to %v, in milliseconds or with a unit (10s)", millis(p.min), millis(p.max))
	case KindBytes:
		return fmt.Sprintf("%s to %s, in bytes or with a unit (64KiB, 1MB)", size(p.min), size(p.max))
	case KindBool:
		return "true, false"
	case KindEnum:
		var names []string
		for _, c := range p.choices {
			names = append(names, strings.Join(c, " | "))
		}
		return strings.Join(names, ", ")
	}
	return "any text"
}

func millis(n int64) time.Duration { return time.Duration(n) * time.Millisecond }

// size writes bytes in the largest unit that leaves a whole number.
func size(n int64) string {
	for i, unit := range []string{"GiB", "MiB", "KiB"} {
		if one := int64(1) << (30 - 10*i); n >= one && n%one == 0 {
			return fmt.Sprintf("%d%s", n/one, unit)
		}
	}
	return strconv.FormatInt(n, 10)
}

var errBounds = errors.New("out of bounds")

func (p Property) bound(n int64) (int64, error) {
	if n < p.min || n > p.max {
		return 0, errBounds
	}
	return n, nil
}

func (p Property) whole(text string) (any, error) {
	n, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
	if err != nil {
		return nil, errors.New("not a whole number")
	}
	return p.bound(n)
}

// duration reads Kafka's milliseconds and Go's durations. Less than a millisecond cannot be said to a broker.
func (p Property) duration(text string) (any, error) {
	text = strings.TrimSpace(text)
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		d, err := time.ParseDuration(text)
		if err != nil {
			return nil, errors.New("neither milliseconds nor a duration")
		}
		if d%time.Millisecond != 0 {
			return nil, errors.New("not a whole number of milliseconds")
		}
		n = d.Milliseconds()
	}
	if n, err = p.bound(n); err != nil {
		return nil, err
	}
	return millis(n), nil
}

// units of sizes; a number without one is bytes.
var units = map[string]int64{
	"": 1, "b": 1,
	"kb": 1e3, "mb": 1e6, "gb": 1e9,
	"k": 1 << 10, "m": 1 << 20, "g": 1 << 30,
	"kib": 1 << 10, "mib": 1 << 20, "gib": 1 << 30,
}

func (p Property) bytes(text string) (any, error) {
	text = strings.TrimSpace(text)
	end := strings.LastIndexAny(text, "0123456789.") + 1
	unit, ok := units[strings.ToLower(strings.TrimSpace(text[end:]))]
	if !ok {
		return nil, errors.New("unknown unit")
	}
	if end > 20 || strings.Trim(text[:end], "0123456789.") != "" {
		return nil, errors.New("not a number of bytes")
	}
	exact, ok := new(big.Rat).SetString(text[:end])
	if !ok {
		return nil, errors.New("not a number of bytes")
	}
	exact.Mul(exact, new(big.Rat).SetInt64(unit))
	if !exact.IsInt() || !exact.Num().IsInt64() {
		return nil, errors.New("not a whole number of bytes")
	}
	return p.bound(exact.Num().Int64())
}

func truth(text string) (any, error) {
	switch strings.ToLower(strings.TrimSpace(text)) {
	case "true":
		return true, nil
	case "false":
		return false, nil
	}
	return nil, errors.New("neither true nor false")
}

// choose reads one word of an enumeration and gives its canonical name.
func (p Property) choose(text string) (any, error) {
	text = strings.TrimSpace(text)
	for _, c := range p.choices {
		for _, name := range c {
			if strings.EqualFold(name, text) {
				return c[0], nil
			}
		}
	}
	return nil, errors.New("unknown")
}

func list(text string) (any, error) {
	var all []string
	for entry := range strings.SplitSeq(text, ",") {
		if entry = strings.TrimSpace(entry); entry == "" {
			return nil, errors.New("an empty entry")
		}
		all = append(all, entry)
	}
	return all, nil
}

// brokers reads a list of host:port; a port that is left out is Kafka's 9092.
func brokers(text string) (any, error) {
	all, err := list(text)
	if err != nil {
		return nil, err
	}
	for _, broker := range all.([]string) {
		if err := oneBroker(broker); err != nil {
			return nil, err
		}
		if broker == embeddedBroker && len(all.([]string)) > 1 {
			return nil, errors.New("embedded stands alone")
		}
		if broker != embeddedBroker && levenshtein.Distance(strings.ToLower(broker), embeddedBroker, nil) <= 2 {
			return nil, fmt.Errorf("%s was meant? a host of this name is written with its port, %s:9092", embeddedBroker, broker)
		}
	}
	return all, nil
}

// embeddedBroker is the word that stands for the broker inside this process.
const embeddedBroker = "embedded"

func oneBroker(broker string) error {
	if strings.Contains(broker, "/") || strings.ContainsAny(broker, " \t\r\n\x00") {
		return fmt.Errorf("%q is not host:port", broker)
	}
	host, port := broker, "9092"
	if inside, ok := strings.CutPrefix(broker, "["); ok && strings.HasSuffix(inside, "]") { // an IPv6 address without a port
		host = strings.TrimSuffix(inside, "]")
	} else if strings.Contains(broker, ":") {
		var err error
		if host, port, err = net.SplitHostPort(broker); err != nil {
			return fmt.Errorf("%q is not host:port", broker)
		}
	}
	if n, err := strconv.Atoi(port); err != nil || n < 1 || n > math.MaxUint16 {
		return fmt.Errorf("%q has no port between 1 and 65535", broker)
	}
	switch {
	case host == "":
		return fmt.Errorf("%q has no host", broker)
	case strings.ContainsAny(host, "[]"):
		return fmt.Errorf("%q is not host:port", broker)
	}
	return nil
}

// acknowledgement is what acks asks for: nobody, the leader, or all in-sync replicas, of which there must be minISR.
type acknowledgement struct {
	acks   int
	minISR int
}

// acknowledgements reads acks. A number above 1 was Kafka's until 0.8; it means all, with that many replicas in sync.
func acknowledgements(text string) (any, error) {
	text = strings.ToLower(strings.TrimSpace(text))
	if text == "all" {
		return acknowledgement{acks: -1}, nil
	}
	n, err := strconv.Atoi(text)
	switch {
	case err != nil || n < -1 || n > math.MaxInt16:
		return nil, errors.New("no such acknowledgement")
	case n > 1:
		return acknowledgement{acks: -1, minISR: n}, nil
	}
	return acknowledgement{acks: n}, nil
}

// secret gives the text when it is called. It is a function, because fmt shows text that stands in an unexported field whatever
// methods its type has.
type secret func() string

// mask stands for a secret wherever it would be shown.
const mask = "********"

func secretly(text string) secret { return func() string { return text } }

// String is stars.
func (s secret) String() string { return mask }
