package kafka

import (
	"slices"
	"time"
)

// Bootstrap is bootstrap.servers as the consumer sees it; nil when it is not set.
func (s *Settings) Bootstrap() []string { return slices.Clone(s.consumer.list("bootstrap.servers")) }

// Embedded tells whether bootstrap.servers is the one word "embedded".
func (s *Settings) Embedded() bool {
	servers := s.consumer.list("bootstrap.servers")
	return len(servers) == 1 && servers[0] == embeddedBroker
}

// Secured tells whether security.protocol asks for encryption or a login.
func (s *Settings) Secured() bool {
	return s.consumer.text("security.protocol") != "PLAINTEXT" || s.producer.text("security.protocol") != "PLAINTEXT"
}

// Group is group.id; "" when it is not set.
func (s *Settings) Group() string { return s.consumer.text("group.id") }

// InstanceID is group.instance.id; "" when it is not set, and the instance's own name should be used.
func (s *Settings) InstanceID() string { return s.consumer.text("group.instance.id") }

// Reset is auto.offset.reset.
func (s *Settings) Reset() ResetPolicy {
	switch s.consumer.text("auto.offset.reset") {
	case resetLatest:
		return ResetLatest
	case resetNone:
		return ResetNone
	}
	return ResetEarliest
}

// AutoCommit is enable.auto.commit, and whether it was set: it decides on the delivery mode.
func (s *Settings) AutoCommit() (on, given bool) {
	return s.consumer.truth("enable.auto.commit"), s.consumer.given["enable.auto.commit"]
}

// ReadCommitted tells whether isolation.level is read_committed.
func (s *Settings) ReadCommitted() bool {
	return s.consumer.text("isolation.level") == "read_committed"
}

// SessionTimeout is session.timeout.ms.
func (s *Settings) SessionTimeout() time.Duration { return s.consumer.duration("session.timeout.ms") }

// HeartbeatInterval is heartbeat.interval.ms.
func (s *Settings) HeartbeatInterval() time.Duration {
	return s.consumer.duration("heartbeat.interval.ms")
}

// RebalanceTimeout is max.poll.interval.ms: how long a rebalance waits for a member.
func (s *Settings) RebalanceTimeout() time.Duration {
	return s.consumer.duration("max.poll.interval.ms")
}

// RequestTimeout is request.timeout.ms as the consumer and the admin client see it.
func (s *Settings) RequestTimeout() time.Duration { return s.consumer.duration("request.timeout.ms") }

// DeliveryTimeout is delivery.timeout.ms: after it a record is acknowledged or has failed.
func (s *Settings) DeliveryTimeout() time.Duration { return s.producer.deliveryTimeout() }

// TransactionTimeout is transaction.timeout.ms.
func (s *Settings) TransactionTimeout() time.Duration {
	return s.producer.duration("transaction.timeout.ms")
}

// Acks is acks as it goes over the wire: 0, 1, or -1 for all.
func (s *Settings) Acks() int { return s.producer.acks().acks }

// MinISR is n of acks: n > 1, which the topics' min.insync.replicas must reach; 0 when nothing is asked for.
func (s *Settings) MinISR() int { return s.producer.acks().minISR }

// Idempotent tells whether retries neither repeat records nor change their order.
func (s *Settings) Idempotent() bool { return s.producer.idempotent() }

// KeySerializer is key.serializer: "string", "bytes", "json" or "richevent".
func (s *Settings) KeySerializer() string { return s.producer.text("key.serializer") }

// ValueSerializer is value.serializer: "string", "bytes", "json" or "richevent".
func (s *Settings) ValueSerializer() string { return s.producer.text("value.serializer") }

// KeyDeserializer is key.deserializer: "string", "bytes", "json" or "richevent".
func (s *Settings) KeyDeserializer() string { return s.consumer.text("key.deserializer") }

// ValueDeserializer is value.deserializer: "string", "bytes", "json" or "richevent".
func (s *Settings) ValueDeserializer() string { return s.consumer.text("value.deserializer") }

// CreatesTopics is allow.auto.create.topics, of the consumer or the producer.
func (s *Settings) CreatesTopics() bool {
	return s.consumer.truth("allow.auto.create.topics") || s.producer.truth("allow.auto.create.topics")
}

// Principal is who the cluster takes us for, as an access control list names it, as far as that is known here.
func (s *Settings) Principal() string {
	switch protocol := s.consumer.text("security.protocol"); {
	case s.User() != "":
		return "User:" + s.User()
	case protocol == "SASL_PLAINTEXT" || protocol == "SASL_SSL":
		return "the subject of the token"
	case s.consumer.text("ssl.certificate.location") != "":
		return "the subject of the certificate in " + s.consumer.text("ssl.certificate.location")
	}
	return "User:ANONYMOUS"
}

// User is sasl.username; "" without SASL.
func (s *Settings) User() string { return s.consumer.text("sasl.username") }
