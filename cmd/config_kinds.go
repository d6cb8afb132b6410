package cmd

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// kind is how the texts of a setting are read, and what editors and people are told about them.
type kind struct {
	accepted string
	list     bool
	schema   map[string]any
	// words are the values of a choice.
	words []string
	// set reads the texts, one unless it is a list, into the field of a Config; its error is a *badValue.
	set func(c *Config, texts []string) error
}

// scalarKind reads one text into a field.
func scalarKind[T any](field func(*Config) *T, accepted string, parse func(string) (T, error)) kind {
	return kind{accepted: accepted, schema: map[string]any{"type": "string"}, set: func(c *Config, texts []string) error {
		v, err := parse(texts[0])
		if err != nil {
			return sensible(err, parse)
		}
		*field(c) = v
		return nil
	}}
}

// sensible takes back what an error proposes when that would not be read either.
func sensible[T any](err error, parse func(string) (T, error)) error {
	var wrong, again *badValue
	if !errors.As(err, &wrong) || wrong.nearest == "" {
		return err
	}
	if _, err := parse(wrong.nearest); errors.As(err, &again) && again.nearest == "" {
		return &badValue{problem: wrong.problem}
	}
	return err
}

// orIndirect lets a schema's pattern pass what is fetched from the environment or a file.
func orIndirect(pattern string) map[string]any {
	return map[string]any{"type": "string", "pattern": pattern + `|\$\{`}
}

// duration reads a duration that is no less than least and no more than most.
func duration(field func(*Config) *time.Duration, least, most time.Duration) kind {
	accepted := fmt.Sprintf("a duration from %s to %s, such as 500ms, 2s or 1m30s", brief(least), brief(most))
	k := scalarKind(field, accepted, func(text string) (time.Duration, error) {
		d, err := parseDuration(text)
		if err == nil {
			err = within(text, d, least, most, brief)
		}
		return d, err
	})
	k.schema = orIndirect(`^([0-9.]+(ns|us|µs|ms|s|m|h))+$|^0$`)
	return k
}

// brief is a duration without its zero parts: 24h instead of 24h0m0s.
func brief(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

// within says on which side of its bounds a value is; the bound itself is what was probably meant.
func within[T int64 | float64 | time.Duration](text string, v, least, most T, show func(T) string) error {
	switch {
	case v < least:
		return bad(show(least), "%q is less than %s", text, show(least))
	case v > most:
		return bad(show(most), "%q is more than %s", text, show(most))
	}
	return nil
}

// size reads bytes; least and most in the same notation.
func size(field func(*Config) *int64, least, most string) kind {
	low, _ := parseBytes(least)
	high, _ := parseBytes(most)
	accepted := fmt.Sprintf("%s to %s, in bytes or with a unit: 65536, 64KiB, 1.5GiB, 10MB", least, most)
	k := scalarKind(field, accepted, func(text string) (int64, error) {
		n, err := parseBytes(text)
		if err == nil {
			err = within(text, n, low, high, func(n int64) string {
				if n == low {
					return least
				}
				return most
			})
		}
		return n, err
	})
	k.schema = map[string]any{"anyOf": []any{map[string]any{"type": "integer", "minimum": low}, orIndirect(`^[0-9.]+ ?([KMGTkmgt]?i?[Bb])?$`)}}
	return k
}

// whole reads a whole number.
func whole(field func(*Config) *int, least, most int64) kind {
	k := scalarKind(field, fmt.Sprintf("a whole number from %d to %d", least, most), func(text string) (int, error) {
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return 0, bad("", "%q is not a whole number", text)
		}
		return int(n), within(text, n, least, most, func(n int64) string { return strconv.FormatInt(n, 10) })
	})
	k.schema = map[string]any{"anyOf": []any{map[string]any{"type": "integer", "minimum": least, "maximum": most}, orIndirect(`^[0-9]+$`)}}
	return k
}

// rate reads records a second, up to most.
func rate(field func(*Config) *float64, most float64) kind {
	k := scalarKind(field, fmt.Sprintf("records a time, such as 5/s or 300/m, up to %.0f/s; 0 for none", most), func(text string) (float64, error) {
		r, err := parseRate(text)
		if err == nil {
			err = within(text, r, 0, most, func(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) + "/s" })
		}
		return r, err
	})
	k.schema = map[string]any{"anyOf": []any{map[string]any{"const": 0}, orIndirect(`^[0-9.]+ ?/ ?(s|sec|second|m|min|minute|h|hour)$|^0$`)}}
	return k
}

// limit reads a number of records a second; 0 is no limit. Spark writes such limits without a unit, so both are accepted.
func limit(field func(*Config) *float64) kind {
	k := scalarKind(field, "a number of records a second, such as 1000 (or 1000/s); 0 for no limit", func(text string) (float64, error) {
		if number.MatchString(text) {
			text += "/s"
		}
		return parseRate(text)
	})
	k.schema = map[string]any{"anyOf": []any{map[string]any{"type": "number", "minimum": 0}, orIndirect(`^[0-9.]+( ?/ ?(s|sec|second|m|min|minute|h|hour))?$`)}}
	return k
}

// truth reads true or false.
func truth(field func(*Config) *bool) kind {
	k := scalarKind(field, "true, false", parseBool)
	k.words = []string{"true", "false"}
	k.schema = map[string]any{"anyOf": []any{map[string]any{"type": "boolean"}, orIndirect(`^(true|false)$`)}}
	return k
}

// choice reads one of a few words.
func choice[T ~string](field func(*Config) *T, words ...T) kind {
	all := make([]string, len(words))
	for i, w := range words {
		all[i] = string(w)
	}
	k := scalarKind(field, strings.Join(all, ", "), func(text string) (T, error) {
		for _, w := range words {
			if text == string(w) {
				return w, nil
			}
		}
		return "", bad(nearestOf(text, all), "%q is not known", text)
	})
	k.words = all
	k.schema = map[string]any{"anyOf": []any{map[string]any{"enum": all}, map[string]any{"type": "string", "pattern": `\$\{`}}}
	return k
}

// text reads what check does not object to.
func text(field func(*Config) *string, accepted string, check func(string) error) kind {
	k := scalarKind(field, accepted, func(text string) (string, error) { return text, check(text) })
	k.schema = map[string]any{"type": []any{"string", "number", "boolean"}}
	return k
}

// topicList reads names, never none and no name twice.
func topicList(field func(*Config) *[]string) kind {
	schema := map[string]any{"type": "string"}
	return kind{
		accepted: "one or more topics: [a, b]; letters, digits, dots, _ and -", list: true,
		schema: map[string]any{"anyOf": []any{schema, map[string]any{"type": "array", "items": schema, "minItems": 1, "uniqueItems": true}}},
		set: func(c *Config, texts []string) error {
			seen := make(map[string]bool)
			for _, name := range texts {
				if err := topicName(name); err != nil {
					return err
				}
				if name == "" || seen[name] {
					return bad("", "%q is empty or there twice", name)
				}
				seen[name] = true
			}
			if len(texts) == 0 {
				return bad("", "there is no topic")
			}
			*field(c) = texts
			return nil
		},
	}
}
