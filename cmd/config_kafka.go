package cmd

import (
	"errors"
	"slices"
	"strings"

	"github.com/hibana-stream/hibana/actors/kafka"
)

// What kafka.bootstrap.servers and kafka.group.id are when nobody says: hibana alone runs on a broker of its own. A real
// cluster gets no group that nobody has chosen.
const (
	embeddedServers = "embedded"
	embeddedGroup   = "hibana"
	serversKey      = kafkaPrefix + "bootstrap.servers"
	groupKey        = kafkaPrefix + "group.id"
)

// kafka hands the properties to the table in actors/kafka, and maps its errors back to where they were written.
func (l *loader) kafka() {
	c := l.config
	c.Kafka = make(map[string]KafkaProperty)
	given := make(map[string]string)
	for _, key := range c.Keys() {
		if name, ok := strings.CutPrefix(key, kafkaPrefix); ok && l.single(c.values[key]) {
			v := c.values[key]
			c.Kafka[name] = KafkaProperty{Origin: v.origin, value: v}
			given[name] = v.joined()
		}
	}
	l.standIn(given)
	if c.Delivery == ExactlyOnce && !c.setProperty("isolation.level") {
		given["isolation.level"] = "read_committed" // what a transaction aborted must not be counted
	}
	settings, err := kafka.NewSettings(given)
	for _, wrong := range propertyErrors(err) {
		v, ok := c.values[kafkaPrefix+wrong.Property]
		if !ok && l.reported(kafkaPrefix+wrong.Property) {
			continue // somebody has set it, to what cannot be fetched
		}
		l.property(wrong, v, ok)
	}
	if c.Settings = settings; settings != nil {
		for _, text := range settings.Warnings() {
			l.warn(l.warned(text), "kafka: %s", l.clean(text))
		}
	}
}

// reported tells whether there is a finding about key.
func (l *loader) reported(key string) bool {
	return slices.ContainsFunc(l.findings, func(f Finding) bool { return f.Key == key })
}

// single reports a property with no value, and a list where there is none.
func (l *loader) single(v value) bool {
	p, known := kafkaProperty(v.key)
	switch {
	case !known:
		return true // NewSettings says so
	case v.shape == nothing:
		l.report(v.origin, v.key, "it has no value", p.Accepted, "")
		return false
	case v.shape == list && p.Kind != kafka.KindList:
		l.report(v.origin, v.key, "it has a list, and takes one value", p.Accepted, "")
		return false
	}
	return true
}

// standIn adds what holds when nobody has said where to read.
func (l *loader) standIn(given map[string]string) {
	_, all := given["bootstrap.servers"]
	_, producer := given["producer.bootstrap.servers"]
	_, consumer := given["consumer.bootstrap.servers"]
	if !all && !producer && !consumer {
		given["bootstrap.servers"] = embeddedServers
	}
	if strings.TrimSpace(given["bootstrap.servers"]) != embeddedServers || producer || consumer {
		return
	}
	if _, ok := given["group.id"]; !ok {
		given["group.id"] = embeddedGroup
	}
}

// propertyErrors takes joined errors apart.
func propertyErrors(err error) (all []*kafka.PropertyError) {
	var one *kafka.PropertyError
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, e := range joined.Unwrap() {
			all = append(all, propertyErrors(e)...)
		}
	} else if errors.As(err, &one) {
		all = append(all, one)
	}
	return all
}

// property reports an error of the table at the place of the property. One that is not set and should be is reported at a
// property that asks for it: the one that the reason names.
func (l *loader) property(wrong *kafka.PropertyError, v value, isSet bool) {
	key := kafkaPrefix + wrong.Property
	_, known := kafkaProperty(key)
	if !isSet {
		v.origin = l.warned(wrong.Reason)
		v.keyAt = v.origin
	}
	switch {
	case wrong.Accepted != "" && v.secret:
		l.report(v.origin, key, "the value, which came by ${…}, is not accepted", wrong.Accepted, "")
	case wrong.Accepted != "":
		l.report(v.origin, key, `"`+wrong.Value+`" is not accepted (`+wrong.Reason+`)`, wrong.Accepted, closestWord(key, wrong.Value))
	case wrong.Reason != "" && known:
		l.report(v.origin, key, wrong.Reason, "", "")
	case wrong.Reason != "":
		l.renamed(v, key, wrong)
	default:
		l.unknownProperty(v, key, wrong)
	}
}

// renamed reports a name that Kafka knows and this program does not, with the one that it has instead.
func (l *loader) renamed(v value, key string, wrong *kafka.PropertyError) {
	nearest := ""
	if wrong.Nearest != "" {
		nearest = kafkaPrefix + wrong.Nearest
	}
	l.report(v.keyAt, key, wrong.Reason, "", nearest)
}

func (l *loader) unknownProperty(v value, key string, wrong *kafka.PropertyError) {
	nearest := wrong.Nearest
	if nearest != "" {
		nearest = kafkaPrefix + nearest
	} else if _, ours := settingOf(nearestKey(wrong.Property)); ours {
		nearest = nearestKey(wrong.Property) // kafka.interval
	}
	if isSecret(key) || isSecret(nearest) {
		l.hide(v)
	}
	accepted := ""
	if nearest == "" {
		accepted = "the properties that hibana config show lists"
	}
	l.report(v.keyAt, key, "there is no such Kafka property", accepted, nearest)
}

// closestWord is the accepted value that a wrong one most likely stands for.
func closestWord(key, wrong string) string {
	p, _ := kafkaProperty(key)
	words := strings.FieldsFunc(p.Accepted, func(r rune) bool { return strings.ContainsRune(" ,|", r) })
	if p.Kind != kafka.KindEnum && p.Kind != kafka.KindBool {
		return ""
	}
	return nearestOf(wrong, words)
}

// warned is the place of the first property that a sentence names.
func (l *loader) warned(sentence string) Origin {
	for _, word := range strings.FieldsFunc(sentence, func(r rune) bool { return strings.ContainsRune(" ,:;", r) }) {
		for _, prefix := range []string{"", "producer.", "consumer."} {
			if v, ok := l.config.values[kafkaPrefix+prefix+word]; ok {
				return v.origin
			}
		}
	}
	return Origin{}
}
