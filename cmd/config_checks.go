package cmd

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// crossCheck finds settings that are right alone and wrong together.
func (l *loader) crossCheck() {
	l.checkInterval()
	l.checkTopics()
	l.checkAutoCommit()
	l.checkExactlyOnce()
	l.checkDeadLetters()
	l.checkServers()
	l.checkSecurity()
	l.checkExchange()
}

// against reports a key that contradicts another; the place is the one that was written with more right: key's own.
func (l *loader) against(key, problem, accepted string) {
	v := l.config.values[key]
	l.report(v.origin, key, problem, accepted, "")
}

// checkInterval: the times of batches are multiples of it, and are written down in milliseconds, in names of files for one.
func (l *loader) checkInterval() {
	if d := l.config.Interval; d%time.Millisecond != 0 {
		l.against("interval", fmt.Sprintf("%v is not in whole milliseconds", d), fmt.Sprint(d.Round(time.Millisecond)))
	}
}

// checkTopics: a pattern names the topics instead of topics. Of the two, what a flag says wins over a file, as it would for one key.
func (l *loader) checkTopics() {
	c := l.config
	if c.Pattern == "" {
		return
	}
	topics, pattern := c.Origin("topics"), c.Origin("pattern")
	switch {
	case topics.Kind > pattern.Kind:
		c.Pattern = ""
		delete(c.values, "pattern")
		return
	case topics.Kind == pattern.Kind:
		l.against("pattern", "topics is set as well, at "+topics.String(), "one of the two")
	}
	c.Topics = nil
	delete(c.values, "topics")
}

// checkAutoCommit: enable.auto.commit true is at-most-once, as the post has it: a commit before the outputs.
func (l *loader) checkAutoCommit() {
	c := l.config
	on, given := c.Settings.AutoCommit()
	if !on || !given {
		return
	}
	key := kafkaPrefix + "enable.auto.commit"
	if !c.IsSet(key) {
		key = kafkaPrefix + "consumer.enable.auto.commit"
	}
	if c.IsSet("delivery") && c.Delivery != AtMostOnce {
		l.against(key, fmt.Sprintf("true means delivery: at-most-once, and delivery is %s, at %v", c.Delivery, c.Origin("delivery")),
			"delivery: at-most-once (or -X delivery=at-most-once) with it, or enable.auto.commit: false")
		return
	}
	if c.Delivery = AtMostOnce; !c.IsSet("delivery") {
		c.values["delivery"] = value{key: "delivery", texts: []string{AtMostOnce.String()}, origin: c.Origin(key), keyAt: c.Origin(key)}
	}
}

// checkExactlyOnce: what a transaction needs.
func (l *loader) checkExactlyOnce() {
	c := l.config
	if c.Delivery != ExactlyOnce {
		return
	}
	switch {
	case c.Settings.Acks() != -1:
		l.needs("acks", "a transaction needs the acknowledgement of all replicas", "all, or another delivery")
	case !c.Settings.Idempotent() && c.setProperty("enable.idempotence"):
		l.needs("enable.idempotence", "a transaction needs an idempotent producer", "true, or another delivery")
	case !c.Settings.Idempotent():
		l.needs("max.in.flight.requests.per.connection", "a transaction needs an idempotent producer", "1 to 5, or another delivery")
	}
	if !c.Settings.ReadCommitted() {
		l.needs("isolation.level", "with delivery: exactly-once, what others have not committed must not be read", "read_committed, or another delivery")
	}
}

// checkSecurity: who sets how a cluster is logged in to means a cluster, and not the broker inside this process.
func (l *loader) checkSecurity() {
	key := l.config.propertyKey("security.protocol")
	if l.config.embedded() && l.config.Settings.Secured() {
		l.against(key, "the embedded broker speaks PLAINTEXT only", "PLAINTEXT, or where the cluster is: kafka.bootstrap.servers")
	}
}

// needs reports a property whose value does not go with the delivery.
func (l *loader) needs(property, problem, accepted string) {
	l.against(l.config.propertyKey(property), problem, accepted)
}

// propertyKey is the key under which a property was set, with a role's prefix or without.
func (c *Config) propertyKey(name string) string {
	for _, prefix := range []string{"producer.", "consumer.", ""} {
		if c.IsSet(kafkaPrefix + prefix + name) {
			return kafkaPrefix + prefix + name
		}
	}
	return kafkaPrefix + name
}

func (c *Config) setProperty(name string) bool { return c.IsSet(c.propertyKey(name)) }

// checkDeadLetters: what goes to the dead-letter topic must not be read from it again.
func (l *loader) checkDeadLetters() {
	const key = "errors.deadletterqueue.topic.name"
	c := l.config
	topic := c.Errors.DeadLetterTopic
	if !c.Errors.Tolerate() {
		if topic != "" {
			l.warn(c.Origin(key), "%s is not used while errors.tolerance is none", key)
		}
		return
	}
	if topic != "" && (slices.Contains(c.Topics, topic) || c.matches(topic)) {
		l.against(key, fmt.Sprintf("%q is read as well, so every dead letter would come back", topic), "a topic that is not read")
	}
	for _, t := range c.Topics {
		if topic == "" && slices.Contains(c.Topics, t+".dlq") {
			l.against("topics", fmt.Sprintf("%q takes the dead letters of %q, and is read as well", t+".dlq", t), "other topics, or "+key)
		}
	}
	if topic == "" && c.Pattern != "" && c.matches("a.dlq") {
		l.against("pattern", "it matches the dead-letter topics too (a.dlq), so every dead letter would come back",
			"a pattern that ends before .dlq, or "+key)
	}
}

// matches tells whether the pattern reads topic.
func (c *Config) matches(topic string) bool {
	return c.Pattern != "" && regexp.MustCompile(c.Pattern).MatchString(topic)
}

// checkServers: the producer's cluster and the consumer's are both named or neither, and both embedded or neither.
func (l *loader) checkServers() {
	c := l.config
	both, producer, consumer := serversKey, kafkaPrefix+"producer.bootstrap.servers", kafkaPrefix+"consumer.bootstrap.servers"
	for _, pair := range [][2]string{{producer, consumer}, {consumer, producer}} {
		if c.IsSet(pair[0]) && !c.IsSet(pair[1]) && !c.IsSet(both) {
			l.against(pair[0], "it says where one client goes, and nothing says where the other does", "kafka.bootstrap.servers")
			return
		}
	}
	if c.serversAre(producer) != c.serversAre(consumer) {
		l.against(c.propertyKey("bootstrap.servers"), "producer and consumer cannot be embedded and not", "embedded for both, or addresses for both")
	}
}

// serversAre tells whether the servers under key, or else those for both, are embedded.
func (c *Config) serversAre(key string) (embedded bool) {
	v, ok := c.values[key]
	if !ok {
		v, ok = c.values[serversKey]
	}
	return !ok || strings.TrimSpace(v.joined()) == embeddedServers
}

// checkExchange: state lives in the checkpoint folder under memory, and in the changelog otherwise.
func (l *loader) checkExchange() {
	c := l.config
	if c.Checkpoint != "" && c.Exchange != ExchangeMemory {
		l.warn(c.Origin("checkpoint"), "with exchange: %s state lives in the changelog topic; the checkpoint folder holds progress and ledger only", c.Exchange)
	}
}
