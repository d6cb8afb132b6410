package kafka

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/hibana-stream/hibana/messages"
)

// DefaultAdminTimeout bounds each of Admin's questions when NewAdmin is given no time.
const DefaultAdminTimeout = 15 * time.Second

// Admin asks a cluster questions and creates topics. It joins no group and writes no record. Its methods may be called from any
// goroutine; each ends within its timeout. Their errors are one sentence each, see Explain.
type Admin struct {
	client  *kgo.Client
	admin   *kadm.Client
	timeout time.Duration
	pings   sync.WaitGroup
}

// NewAdmin makes a client from options such as Settings.AdminOptions gives them; it connects when it is first used.
// timeout bounds each question, DefaultAdminTimeout when 0.
func NewAdmin(options []kgo.Opt, timeout time.Duration) (*Admin, error) {
	if timeout <= 0 {
		timeout = DefaultAdminTimeout
	}
	// A connection whose broker says nothing outlives every question on it, so that it has the same bound.
	overhead := kgo.RequestTimeoutOverhead(min(max(timeout, 100*time.Millisecond), 15*time.Minute))
	client, err := kgo.NewClient(append(options[:len(options):len(options)], overhead)...)
	if err != nil {
		return nil, fmt.Errorf("the Kafka client cannot be made: %w", err)
	}
	return &Admin{client: client, admin: kadm.NewClient(client), timeout: timeout}, nil
}

// Close closes the connections; questions under way fail. It takes no longer than the timeout.
func (a *Admin) Close() {
	a.client.Close()
	a.pings.Wait()
}

// bound is ctx with the timeout. The answers to its questions are fresh: kadm asks past the client's cache of topics when it is
// to bring the rights along.
func (a *Admin) bound(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithTimeout(ctx, a.timeout)
	return kadm.WithAuthorizedOps(ctx), cancel
}

// Reach asks any broker for a sign of life. The error names the brokers that were tried, and errors.Is tells
// messages.ErrUnreachable (nobody there) from messages.ErrRefused (credentials, certificates).
func (a *Admin) Reach(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, a.timeout)
	defer cancel()
	err := a.ping(ctx)
	if err == nil {
		return nil
	}
	seeds, _ := a.client.OptValue(kgo.SeedBrokers).([]string)
	about := Subject{Doing: "connecting to " + strings.Join(seeds, ", ") + " (bootstrap.servers)"}
	return explainConnection(a.client, err, about)
}

// ping ends with ctx. The client's own does not while it waits for the first words of a broker that accepts and says nothing;
// Close waits for it.
func (a *Admin) ping(ctx context.Context) error {
	answer := make(chan error, 1)
	a.pings.Go(func() { answer <- a.client.Ping(ctx) })
	select {
	case err := <-answer:
		if err != nil && expired(ctx) {
			return context.DeadlineExceeded
		}
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// expired tells whether ctx's time is up. After that the client's error says nothing: it tries once more when a connection has not
// been answered in time, and that dial fails at once, as if nobody were there. Its timers may come before the context's own.
func expired(ctx context.Context) bool {
	deadline, ok := ctx.Deadline()
	return ok && !time.Now().Before(deadline)
}

// Topic is what a cluster says about a topic.
type Topic struct {
	Name       string
	ID         messages.TopicID
	Exists     bool
	Partitions int
	Replicas   int
	// Offline are the partitions without a leader.
	Offline []int32
	// Rights are what the user may do with the topic, as an access control list names it; nil when the broker does not tell.
	Rights []string
}

// Topics describes topics in the order in which they are asked for. One that does not exist is no error, and is not created.
func (a *Admin) Topics(ctx context.Context, names ...string) ([]Topic, error) {
	ctx, cancel := a.bound(ctx)
	defer cancel()
	topics := make([]Topic, 0, len(names))
	for _, name := range names { // one by one, because a missing right fails the whole question without a name
		details, err := a.admin.ListTopics(ctx, name)
		if err == nil {
			err = details[name].Err
		}
		if errors.Is(err, kerr.UnknownTopicOrPartition) {
			topics = append(topics, Topic{Name: name})
			continue
		}
		if err != nil {
			return nil, Explain(err, Subject{Doing: "describing", Topic: name})
		}
		topics = append(topics, describeTopic(details[name]))
	}
	return topics, nil
}

func describeTopic(detail kadm.TopicDetail) Topic {
	t := Topic{Name: detail.Topic, ID: messages.TopicID(detail.ID), Exists: true, Partitions: len(detail.Partitions), Replicas: detail.Partitions.NumReplicas()}
	for _, p := range detail.Partitions.Sorted() {
		if p.Leader < 0 {
			t.Offline = append(t.Offline, p.Partition)
		}
	}
	for _, right := range detail.AuthorizedOperations {
		t.Rights = append(t.Rights, right.String())
	}
	return t
}

// NewTopic is a topic to be created.
type NewTopic struct {
	Name string
	// Partitions and Replicas are the broker's defaults when 0.
	Partitions int
	Replicas   int
	// Config are topic settings by Kafka's names, such as cleanup.policy.
	Config map[string]string
	// DryRun asks whether it could be created, and creates nothing.
	DryRun bool
}

// CreateTopic creates a topic, and waits until the cluster tells of it. One that exists already is no error: created is false then, and
// the topic is as it was.
func (a *Admin) CreateTopic(ctx context.Context, t NewTopic) (created bool, err error) {
	ctx, cancel := a.bound(ctx)
	defer cancel()
	config := make(map[string]*string)
	for name, value := range t.Config {
		config[name] = &value
	}
	create := a.admin.CreateTopics
	if t.DryRun {
		create = a.admin.ValidateCreateTopics
	}
	answers, err := create(ctx, orDefault(int32(t.Partitions)), orDefault(int16(t.Replicas)), config, t.Name)
	if err == nil {
		answer := answers[t.Name]
		err = answer.Err
		if err != nil && answer.ErrMessage != "" && !isRight(err) {
			err = fmt.Errorf("%w (%s)", err, answer.ErrMessage)
		}
	}
	if errors.Is(err, kerr.TopicAlreadyExists) {
		return false, nil
	}
	if err == nil && !t.DryRun {
		a.awaitTopic(ctx, t.Name)
	}
	return err == nil, Explain(err, Subject{Doing: "creating", Topic: t.Name})
}

// awaitTopic waits until a new topic is told of, as long as ctx goes on: a broker learns of it from the controller only after the
// answer, on a busy machine seconds later, and a producer gives up on an unknown topic after one. Any other error is told by whoever
// uses the topic.
func (a *Admin) awaitTopic(ctx context.Context, name string) {
	for ctx.Err() == nil {
		details, err := a.admin.ListTopics(ctx, name)
		if err != nil || !errors.Is(details[name].Err, kerr.UnknownTopicOrPartition) {
			return
		}
		select {
		case <-ctx.Done():
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func orDefault[T int16 | int32](n T) T {
	if n == 0 {
		return -1
	}
	return n
}

func isRight(err error) bool {
	return errors.Is(err, kerr.TopicAuthorizationFailed) || errors.Is(err, kerr.ClusterAuthorizationFailed)
}

// TopicConfig is one setting of a topic as it is in force, "" when the topic has no such setting.
func (a *Admin) TopicConfig(ctx context.Context, name, setting string) (string, error) {
	ctx, cancel := a.bound(ctx)
	defer cancel()
	about := Subject{Doing: "reading the configuration of", Topic: name}
	answers, err := a.admin.DescribeTopicConfigs(ctx, name)
	if err != nil {
		return "", Explain(err, about)
	}
	answer, err := answers.On(name, nil)
	if err = errors.Join(err, answer.Err); err != nil {
		return "", Explain(err, about)
	}
	i := slices.IndexFunc(answer.Configs, func(c kadm.Config) bool { return c.Key == setting })
	if i < 0 {
		return "", nil
	}
	return answer.Configs[i].MaybeValue(), nil
}
