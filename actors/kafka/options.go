package kafka

import (
	"fmt"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/plugin/kslog"
)

// maxClientID is the longest client.id that the client sends, in bytes.
const maxClientID = 256

// ConsumerOptions are a consuming client's options: brokers, security, client id, fetch sizes, isolation. The group, its
// timeouts and the offset reset are not among them: who joins takes them from the accessors. The instance is appended to
// client.id; log may be nil. Certificates are read here: the error names the setting and the file.
func (s *Settings) ConsumerOptions(instance string, log *slog.Logger) ([]kgo.Opt, error) {
	return s.consumer.options(instance, log)
}

// ProducerOptions are a producing client's options, without a transactional id; see ConsumerOptions.
func (s *Settings) ProducerOptions(instance string, log *slog.Logger) ([]kgo.Opt, error) {
	return s.producer.options(instance, log)
}

// AdminOptions are the options of a client that neither produces nor consumes; see ConsumerOptions. Where only the consumer
// or only the producer has a setting of its own, that one holds.
func (s *Settings) AdminOptions(instance string, log *slog.Logger) ([]kgo.Opt, error) {
	return s.admin.options(instance, log)
}

func (v view) options(instance string, log *slog.Logger) ([]kgo.Opt, error) {
	v.instance = instance
	var options []kgo.Opt
	if log != nil {
		options = append(options, kgo.WithLogger(kslog.New(log)))
	}
	for _, p := range table {
		if p.apply == nil || !p.serves(v.role) {
			continue
		}
		more, err := p.apply(v, v.values[p.Name])
		if err != nil {
			return nil, err
		}
		options = append(options, more...)
	}
	if v.role == RoleConsumer || v.role == RoleProducer {
		options = append(options, kgo.AlwaysRetryEOF()) // an admin's question has come first, and has shown that the settings are right
	}
	if err := kgo.ValidateOpts(options...); err != nil {
		return nil, fmt.Errorf("kafka: %w", err)
	}
	return options, nil
}

// applyClientID appends the instance, so that the name is one process's own.
func applyClientID(v view, value any) ([]kgo.Opt, error) {
	id := value.(string)
	if id == "" {
		id = "hibana-" + string(v.role)
	}
	if instance := v.instance; instance != "" {
		id += "-" + instance
	}
	if len(id) > maxClientID {
		return nil, &PropertyError{Property: "client.id", Value: id,
			Reason: fmt.Sprintf("with the instance it is %d bytes long, and %d is the most", len(id), maxClientID)}
	}
	return one(kgo.ClientID(id))
}

// applyRequestTimeout says to the leader how long to wait for acknowledgements; the client then waits a little longer for its
// answer. What has no such wait is bounded by the client alone.
func applyRequestTimeout(v view, value any) ([]kgo.Opt, error) {
	timeout := value.(time.Duration)
	if v.role != RoleProducer {
		return one(kgo.RequestTimeoutOverhead(timeout))
	}
	return one(kgo.ProduceRequestTimeout(timeout), kgo.RequestTimeoutOverhead(min(timeout, 10*time.Second)))
}

func applyBackoff(v view, value any) ([]kgo.Opt, error) {
	return one(kgo.RetryBackoffFn(doubling(value.(time.Duration), v.longestBackoff())))
}

// longestBackoff is the longest wait between two tries.
func (v view) longestBackoff() time.Duration {
	return max(v.duration("retry.backoff.ms"), v.duration("retry.backoff.max.ms"))
}

// doubling waits from first to last, give or take a fifth, so that clients that failed together do not come back together.
func doubling(first, last time.Duration) func(fails int) time.Duration {
	return func(fails int) time.Duration {
		wait := last
		if doublings := max(fails-1, 0); doublings < 30 && first<<doublings < last {
			wait = first << doublings
		}
		return time.Duration(float64(wait) * (0.8 + 0.4*rand.Float64()))
	}
}
