package cmd

import (
	"slices"
	"strings"
	"sync"
	"unicode"

	"github.com/agext/levenshtein"
)

// foreign are names that other programs use for keys of ours.
var foreign = map[string]string{
	"batch.interval": "interval", "batch.duration": "interval", "batchduration": "interval",
	"brokers": "kafka.bootstrap.servers", "kafka.brokers": "kafka.bootstrap.servers",
	"group": "kafka.group.id", "consumer.group": "kafka.group.id", "kafka.group": "kafka.group.id",
	"guarantee": "delivery", "processing.guarantee": "delivery", "kafka.processing.guarantee": "delivery",
	"dlq": "errors.deadletterqueue.topic.name", "dead.letter.topic": "errors.deadletterqueue.topic.name",
	"checkpoint.dir": "checkpoint", "checkpoint.folder": "checkpoint", "state.dir": "checkpoint",
	"topics.pattern": "pattern", "topic.pattern": "pattern", "loglevel": "log.level",
}

// nearestKey is the key that a wrong one most likely stands for, "" when none is close.
func nearestKey(wrong string) string {
	if key, ok := foreign[plain(wrong)]; ok {
		return key
	}
	return nearestOf(wrong, keysAndSections())
}

var keysAndSections = sync.OnceValue(func() []string {
	all := slices.Clone(allKeys())
	for _, key := range allKeys() {
		section, _, _ := strings.Cut(key, ".")
		all = append(all, section)
	}
	return all
})

// nearestOf finds the closest of candidates: the same but for spelling, one that ends so, or few edits away.
func nearestOf(wrong string, candidates []string) string {
	best, least := "", allowance(wrong)+1
	wrong = plain(wrong)
	for _, c := range candidates {
		d := levenshtein.Distance(wrong, plain(c), nil)
		if strings.HasSuffix(plain(c), "."+wrong) {
			d = 1
		}
		if d < least {
			best, least = c, d
		}
	}
	return best
}

// allowance is how many edits away a name may be: one in three characters, for one never more than four.
func allowance(name string) int { return min(max(len([]rune(name))/3, 1), 4) }

// plain makes spellings equal: batch_interval, batch-interval, batchInterval and Batch.Interval are the same.
func plain(name string) string {
	var b strings.Builder
	last := '.'
	for _, r := range name {
		switch {
		case r == '_' || r == '-':
			r = '.'
		case unicode.IsUpper(r):
			if unicode.IsLower(last) {
				b.WriteByte('.')
			}
		}
		last = r
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}
