package kafka

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/hibana-stream/hibana/messages"
)

const password = "correct-horse-battery"

// guarded is a cluster with users; TLS and rights as the options say.
func guarded(t *testing.T, options ...kfake.Opt) *kfake.Cluster {
	t.Helper()
	c, err := kfake.NewCluster(append(options, kfake.NumBrokers(1), kfake.SeedTopics(2, "events"), kfake.SeedTopics(1, "secret"))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// log is a logger at its loudest, whose text can be searched.
type loud struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *loud) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *loud) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func (l *loud) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(l, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// visit makes an admin client of properties and asks the cluster for a sign of life; nothing it says may hold the password.
func visit(t *testing.T, c *kfake.Cluster, properties ...string) error {
	t.Helper()
	a, log, err := visitor(t, c, properties...)
	if err == nil {
		err = a.Reach(soon(t))
	}
	if shown := fmt.Sprintf("%v %+v %#v %s", err, err, err, log); strings.Contains(shown, "horse") {
		t.Errorf("the password is shown: %s", shown)
	}
	return err
}

func visitor(t *testing.T, c *kfake.Cluster, properties ...string) (*Admin, *loud, error) {
	t.Helper()
	s := mustSettings(t, append([]string{"bootstrap.servers", c.ListenAddrs()[0]}, properties...)...)
	log := &loud{}
	options, err := s.AdminOptions("one", log.logger())
	if err != nil {
		return nil, log, err
	}
	a, err := NewAdmin(options, 2*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.Close)
	return a, log, nil
}

func login(mechanism, user, pass string, more ...string) []string {
	return append([]string{"sasl.mechanism", mechanism, "sasl.username", user, "sasl.password", pass}, more...)
}

// Every mechanism lets the right password in, with and without encryption.
func TestLogins(t *testing.T) {
	a := newAuthority(t)
	a.issue("broker", "127.0.0.1", time.Hour)
	for _, mechanism := range []string{"PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"} {
		users := []kfake.Opt{kfake.EnableSASL(), kfake.Superuser(mechanism, "alice", password)}
		open := guarded(t, users...)
		if err := visit(t, open, login(mechanism, "alice", password, "security.protocol", "SASL_PLAINTEXT")...); err != nil {
			t.Errorf("%s: %v", mechanism, err)
		}
		encrypted := guarded(t, append(users, kfake.TLS(a.server("broker")))...)
		if err := visit(t, encrypted, login(mechanism, "alice", password, "security.protocol", "SASL_SSL", "ssl.ca.location", a.file("ca.pem"))...); err != nil {
			t.Errorf("%s over TLS: %v", mechanism, err)
		}
	}
}

// A login that fails is one sentence that names the settings, and is told from a broker that is not there.
func TestLoginsThatFail(t *testing.T) {
	c := guarded(t, kfake.EnableSASL(), kfake.Superuser("SCRAM-SHA-256", "alice", "other"))
	open := guarded(t)
	for _, p := range []struct {
		to         *kfake.Cluster
		properties []string
		want       string
	}{
		{c, login("SCRAM-SHA-512", "alice", password, "security.protocol", "SASL_PLAINTEXT"), "sasl.mechanism"},
		{c, login("SCRAM-SHA-256", "alice", password, "security.protocol", "SASL_PLAINTEXT"), "sasl.password"},
		{c, login("SCRAM-SHA-256", "bob", password, "security.protocol", "SASL_PLAINTEXT"), "sasl.username"},
		{c, login("PLAIN", "alice", password, "security.protocol", "SASL_PLAINTEXT"), "sasl.mechanism"},
		{c, nil, "security.protocol"},
		{open, []string{"security.protocol", "SSL"}, "security.protocol"},
	} {
		err := visit(t, p.to, p.properties...)
		told := errors.Is(err, messages.ErrRefused) || errors.Is(err, messages.ErrUnreachable) && p.to == open
		if err == nil || !told || !strings.Contains(err.Error(), p.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%v: %v", p.properties, err)
		}
	}
}

// A right that is missing is named as an access control list names it, with what it is for.
func TestMissingRights(t *testing.T) {
	right := func(kind kmsg.ACLResourceType, name string, operations ...kmsg.ACLOperation) (rights []kfake.ACL) {
		for _, o := range operations {
			rights = append(rights, kfake.ACL{Resource: kind, Name: name, Pattern: kmsg.ACLResourcePatternTypeLiteral, Operation: o, Allow: true})
		}
		return rights
	}
	rights := append(right(kmsg.ACLResourceTypeTopic, "events", kmsg.ACLOperationDescribe),
		right(kmsg.ACLResourceTypeTopic, "readable", kmsg.ACLOperationRead, kmsg.ACLOperationDescribe)...)
	c := guarded(t, kfake.EnableSASL(), kfake.EnableACLs(), kfake.Superuser("PLAIN", "root", "root"), kfake.User("PLAIN", "alice", password, rights...))
	properties := login("PLAIN", "alice", password, "security.protocol", "SASL_PLAINTEXT")
	a, log, err := visitor(t, c, properties...)
	if err != nil {
		t.Fatal(err)
	}
	s := mustSettings(t, append(properties, "bootstrap.servers", c.ListenAddrs()[0])...)
	produce := func(topic string) error {
		options, err := s.ProducerOptions("one", log.logger())
		if err != nil {
			t.Fatal(err)
		}
		return writer(t, options, 0).ProduceAll(soon(t), []messages.Outgoing{messages.NewOutgoing(topic, "", false, "x")})
	}
	_, describe := a.Topics(soon(t), "events", "secret")
	_, offsets := a.Offsets(soon(t), false, "secret")
	_, committed := a.Committed(soon(t), "mygroup", messages.TopicPartition{Topic: "events"})
	_, group := a.Group(soon(t), "mygroup")
	_, create := a.CreateTopic(soon(t), NewTopic{Name: "new"})
	_, config := a.TopicConfig(soon(t), "events", "min.insync.replicas")
	for _, c := range []struct {
		err  error
		want string
	}{
		{describe, `describing topic "secret": the user has no right to it; grant DESCRIBE on topic "secret"`},
		{offsets, `asking for the offsets of topic "secret": the user has no right to it; grant DESCRIBE on topic "secret"`},
		{committed, `asking for the committed offsets of group "mygroup": the user has no right to it; grant READ on group "mygroup"`},
		{group, `describing group "mygroup": the user has no right to it; grant READ on group "mygroup"`},
		{create, `creating topic "new": the user has no right to it; grant CREATE on topic "new"`},
		{config, `reading the configuration of topic "events": the user has no right to it; grant DESCRIBE_CONFIGS on topic "events"`},
		{produce("events"), `writing to topic "events": the user has no right to it; grant WRITE and DESCRIBE on topic "events" (before Kafka 2.8 also IDEMPOTENT_WRITE on the cluster)`},
		{produce("secret"), `writing to topic "secret": the user has no right to it; grant WRITE and DESCRIBE on topic "secret"`},
	} {
		if c.err == nil || c.err.Error() != c.want || !errors.Is(c.err, messages.ErrRefused) {
			t.Errorf("want %s\ngot  %v", c.want, c.err)
		}
	}
	if strings.Contains(log.String(), "horse") {
		t.Error("the password is in the log")
	}
}

// A producer with the wrong password is told, instead of waiting for its delivery timeout without a word.
func TestProducerWithTheWrongPassword(t *testing.T) {
	c := guarded(t, kfake.EnableSASL(), kfake.Superuser("PLAIN", "alice", "other"))
	s := mustSettings(t, login("PLAIN", "alice", password, "security.protocol", "SASL_PLAINTEXT", "bootstrap.servers", c.ListenAddrs()[0])...)
	log := &loud{}
	options, err := s.ProducerOptions("one", log.logger())
	if err != nil {
		t.Fatal(err)
	}
	w, err := NewWriter(append(options, kgo.RecordDeliveryTimeout(time.Second)), 0, log.logger())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Close(t.Context()) })
	err = w.ProduceAll(soon(t), texts("one"))
	if err == nil || !errors.Is(err, messages.ErrRefused) || !strings.Contains(err.Error(), "sasl.password") {
		t.Errorf("%v", err)
	}
	if strings.Contains(fmt.Sprint(err, log), "horse") {
		t.Error("the password is shown")
	}
}
