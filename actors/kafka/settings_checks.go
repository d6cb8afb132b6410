package kafka

import (
	"fmt"
	"strings"
)

// contradictions are errors between properties that are acceptable alone.
func (s *Settings) contradictions() (errs []error) {
	seen := make(map[string]bool)
	for _, v := range []view{s.producer, s.consumer} {
		for _, err := range v.contradictions() {
			if !seen[err.Error()] {
				seen[err.Error()] = true
				errs = append(errs, err)
			}
		}
	}
	return errs
}

func (v view) contradictions() (errs []error) {
	add := func(name, format string, args ...any) {
		errs = append(errs, &PropertyError{Property: name, Value: fmt.Sprint(v.values[name]), Reason: fmt.Sprintf(format, args...)})
	}
	v.checkSASL(add)
	v.checkTLS(add)
	if v.given["retry.backoff.max.ms"] && v.duration("retry.backoff.max.ms") < v.duration("retry.backoff.ms") {
		add("retry.backoff.max.ms", "%v is less than retry.backoff.ms, which is %v", v.values["retry.backoff.max.ms"], v.values["retry.backoff.ms"])
	}
	switch v.role {
	case RoleProducer:
		v.checkProducer(add)
	case RoleConsumer:
		if v.duration("heartbeat.interval.ms") > v.duration("session.timeout.ms") {
			add("heartbeat.interval.ms", "%v is more than session.timeout.ms, which is %v; a third of it is usual",
				v.values["heartbeat.interval.ms"], v.values["session.timeout.ms"])
		}
		if v.number("max.partition.fetch.bytes") > v.number("fetch.max.bytes") && v.given["max.partition.fetch.bytes"] && v.given["fetch.max.bytes"] {
			add("max.partition.fetch.bytes", "%d is more than fetch.max.bytes, which is %d", v.values["max.partition.fetch.bytes"], v.values["fetch.max.bytes"])
		}
	}
	return errs
}

type report = func(name, format string, args ...any)

func (v view) checkProducer(add report) {
	idempotence := v.given["enable.idempotence"] && v.truth("enable.idempotence")
	if idempotence && v.acks().acks != -1 {
		add("enable.idempotence", "true needs acks: all, and acks is %d", v.acks().acks)
	}
	if n := v.number("max.in.flight.requests.per.connection"); idempotence && n > 5 {
		add("enable.idempotence", "true allows max.in.flight.requests.per.connection up to 5, and it is %d", n)
	}
	if least := v.duration("linger.ms") + v.duration("request.timeout.ms"); v.duration("delivery.timeout.ms") < least && v.given["delivery.timeout.ms"] {
		add("delivery.timeout.ms", "%v is less than linger.ms + request.timeout.ms, which is %v", v.values["delivery.timeout.ms"], least)
	}
	if v.number("batch.size") > v.number("buffer.memory") {
		add("buffer.memory", "%d is less than batch.size, which is %d", v.values["buffer.memory"], v.values["batch.size"])
	}
}

func (v view) checkSASL(add report) {
	protocol, mechanism := v.text("security.protocol"), v.text("sasl.mechanism")
	if !strings.HasPrefix(protocol, "SASL") {
		for _, name := range []string{"sasl.mechanism", "sasl.username", "sasl.password", "sasl.oauthbearer.token.file"} {
			if v.given[name] {
				add(name, "it is set, but security.protocol %s sends no credentials; set SASL_SSL, or SASL_PLAINTEXT", protocol)
				return
			}
		}
		return
	}
	switch mechanism {
	case "":
		add("sasl.mechanism", "it is not set, and security.protocol %s needs one of PLAIN, SCRAM-SHA-256, SCRAM-SHA-512, OAUTHBEARER", protocol)
	case mechanismToken:
		if v.text("sasl.oauthbearer.token.file") == "" {
			add("sasl.oauthbearer.token.file", "it is not set, and sasl.mechanism OAUTHBEARER needs it")
		}
	default:
		if v.text("sasl.username") == "" {
			add("sasl.username", "it is not set, and sasl.mechanism %s needs it", mechanism)
		}
		if v.secret("sasl.password") == "" {
			add("sasl.password", "it is not set, and sasl.mechanism %s needs it", mechanism)
		}
	}
}

func (v view) checkTLS(add report) {
	protocol := v.text("security.protocol")
	if !strings.HasSuffix(protocol, "SSL") {
		for _, name := range []string{"ssl.ca.location", "ssl.certificate.location", "ssl.key.location"} {
			if v.given[name] && v.text(name) != "" {
				add(name, "it is set, but security.protocol %s does not encrypt; set SSL, or SASL_SSL", protocol)
				return
			}
		}
	}
	certificate, key := v.text("ssl.certificate.location"), v.text("ssl.key.location")
	if certificate != "" && key == "" {
		add("ssl.key.location", "it is not set, and ssl.certificate.location needs its key")
	}
	if certificate == "" && key != "" {
		add("ssl.certificate.location", "it is not set, and ssl.key.location is for it")
	}
}

// warn finds what is accepted and may surprise.
func (s *Settings) warn() (warnings []string) {
	add := func(format string, args ...any) { warnings = append(warnings, fmt.Sprintf(format, args...)) }
	p, c := s.producer, s.consumer
	if retries := p.number("retries"); retries > 0 && !p.idempotent() {
		s.warnOrder(add)
	}
	if c.given["auto.commit.interval.ms"] {
		add("auto.commit.interval.ms is accepted and not used: offsets are committed with every batch")
	}
	if c.given["key.deserializer"] {
		add("key.deserializer is accepted and not used: events are read without their key, and DirectStream is given its decoders in the job")
	}
	if p.given["batch.size"] && p.number("batch.size") < 1_000_012 {
		add("batch.size %d is also the largest record that can be written; Java's producer lets larger ones pass", p.number("batch.size"))
	}
	if p.given["transaction.timeout.ms"] && p.duration("transaction.timeout.ms") > c.duration("session.timeout.ms") {
		add("transaction.timeout.ms %v is longer than session.timeout.ms %v: readers of committed records may wait for a dead member that long",
			p.duration("transaction.timeout.ms"), c.duration("session.timeout.ms"))
	}
	if c.text("security.protocol") == saslPlaintext && c.text("sasl.mechanism") == mechanismPlain {
		add("security.protocol SASL_PLAINTEXT with sasl.mechanism PLAIN sends the password unencrypted")
	}
	return warnings
}

func (s *Settings) warnOrder(add func(string, ...any)) {
	why := fmt.Sprintf("acks %d", s.producer.acks().acks)
	if s.producer.acks().acks == -1 {
		why = "enable.idempotence false"
		if s.producer.truth("enable.idempotence") {
			why = "max.in.flight.requests.per.connection above 5"
		}
	}
	if s.producer.number("max.in.flight.requests.per.connection") == 1 {
		add("%s turns idempotence off: a record that is retried may stand twice", why)
		return
	}
	add("%s turns idempotence off: with retries the order of records may break, and a record may stand twice; "+
		"set acks to all, or retries to 0, or max.in.flight.requests.per.connection to 1", why)
}
