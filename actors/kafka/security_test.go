package kafka

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"os"
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

// A certificate that does not serve is one sentence that names the setting: expired, for another host, by another authority,
// missing at the client, expired at the client.
func TestCertificatesThatFail(t *testing.T) {
	a, other := newAuthority(t), newAuthority(t)
	a.issue("broker", "127.0.0.1", time.Hour)
	a.issue("late", "127.0.0.1", -time.Hour)
	a.issue("elsewhere", "kafka.example", time.Hour)
	a.issue("client", "client", time.Hour)
	ca := []string{"security.protocol", "SSL", "ssl.ca.location", a.file("ca.pem")}
	with := func(more ...string) []string { return append(ca[:len(ca):len(ca)], more...) }
	mutual := a.server("broker")
	mutual.ClientAuth = tls.RequireAndVerifyClientCert
	own := []string{"ssl.certificate.location", a.file("client.pem"), "ssl.key.location", a.file("client.key")}
	for name, p := range map[string]struct {
		server     *tls.Config
		properties []string
		want       string
	}{
		"good":               {a.server("broker"), ca, ""},
		"expired":            {a.server("late"), ca, "the broker's certificate is expired"},
		"another host":       {a.server("elsewhere"), ca, "ssl.endpoint.identification.algorithm"},
		"unchecked host":     {a.server("elsewhere"), with("ssl.endpoint.identification.algorithm", "none"), ""},
		"unchecked, expired": {a.server("late"), with("ssl.endpoint.identification.algorithm", "none"), "the broker's certificate is expired"},
		"another authority":  {a.server("broker"), []string{"security.protocol", "SSL", "ssl.ca.location", other.file("ca.pem")}, "not in ssl.ca.location"},
		"mutual":             {mutual, with(own...), ""},
		"mutual, none shown": {mutual, ca, "ssl.certificate.location"},
	} {
		err := visit(t, guarded(t, kfake.TLS(p.server)), p.properties...)
		if p.want == "" && err == nil {
			continue
		}
		if err == nil || p.want == "" || !errors.Is(err, messages.ErrRefused) || !strings.Contains(err.Error(), p.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Files that cannot serve are found before the first connection, with setting and file.
func TestFilesThatCannotServe(t *testing.T) {
	a := newAuthority(t)
	a.issue("client", "client", time.Hour)
	a.issue("late", "client", -time.Hour)
	if err := os.WriteFile(a.file("text"), []byte("hello"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, p := range []struct {
		want       []string
		properties []string
	}{
		{[]string{"ssl.ca.location: ", "none.pem cannot be read"}, []string{"ssl.ca.location", a.file("none.pem")}},
		{[]string{"ssl.ca.location: ", "holds no PEM certificate"}, []string{"ssl.ca.location", a.file("text")}},
		{[]string{"ssl.certificate.location: ", "none.pem cannot be read"}, []string{"ssl.certificate.location", a.file("none.pem"), "ssl.key.location", a.file("client.key")}},
		{[]string{"ssl.key.location: ", "none.key cannot be read"}, []string{"ssl.certificate.location", a.file("client.pem"), "ssl.key.location", a.file("none.key")}},
		{[]string{"ssl.certificate.location, ssl.key.location: ", "late.key"}, []string{"ssl.certificate.location", a.file("client.pem"), "ssl.key.location", a.file("late.key")}},
		{[]string{"ssl.certificate.location: ", "expired at"}, []string{"ssl.certificate.location", a.file("late.pem"), "ssl.key.location", a.file("late.key")}},
	} {
		_, err := mustSettings(t, append(p.properties, "bootstrap.servers", "a:1", "security.protocol", "SSL")...).ConsumerOptions("", nil)
		for _, want := range p.want {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%v: %v", p.properties, err)
			}
		}
	}
}

// A renewed client certificate is shown at the next handshake; while the renewal is half done, the old one is.
func TestRenewedCertificate(t *testing.T) {
	a := newAuthority(t)
	a.issue("client", "client", time.Hour)
	c := &certificate{file: a.file("client.pem"), key: a.file("client.key")}
	serial := func() string {
		t.Helper()
		shown, err := c.current(nil)
		if err != nil {
			t.Fatal(err)
		}
		return shown.Leaf.SerialNumber.String()
	}
	first := serial()
	a.issue("next", "client", time.Hour)
	move := func(ending string) {
		t.Helper()
		later := time.Now().Add(time.Minute)
		if err := errors.Join(os.Rename(a.file("next"+ending), a.file("client"+ending)), os.Chtimes(a.file("client"+ending), later, later)); err != nil {
			t.Fatal(err)
		}
	}
	if got := serial(); got != first {
		t.Error("changed without a reason")
	}
	move(".pem")
	if got := serial(); got != first {
		t.Error("a certificate without its key is shown")
	}
	move(".key")
	if got := serial(); got == first {
		t.Error("the renewed certificate is not shown")
	}
}

// The token is read from its file each time; a file without one is an error that names setting and file.
func TestTokenFile(t *testing.T) {
	file := t.TempDir() + "/token"
	read := tokenFrom(file)
	if _, err := read(t.Context()); err == nil || !strings.Contains(err.Error(), "sasl.oauthbearer.token.file: "+file+" cannot be read") {
		t.Errorf("%v", err)
	}
	for _, token := range []string{"one\n", "two"} {
		if err := os.WriteFile(file, []byte(token), 0o600); err != nil {
			t.Fatal(err)
		}
		if auth, err := read(t.Context()); err != nil || auth.Token != strings.TrimSpace(token) {
			t.Errorf("%v %v", auth, err)
		}
	}
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := read(t.Context()); err == nil || !strings.Contains(err.Error(), "is empty") {
		t.Errorf("%v", err)
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
	_, committed := a.Committed(soon(t), "mygroup")
	_, group := a.Group(soon(t), "mygroup")
	_, create := a.CreateTopic(soon(t), NewTopic{Name: "new"})
	_, config := a.TopicConfig(soon(t), "events", "min.insync.replicas")
	for _, c := range []struct {
		err  error
		want string
	}{
		{describe, `describing topic "secret": the user has no right to it; grant DESCRIBE on topic "secret"`},
		{offsets, `asking for offsets topic "secret": the user has no right to it; grant DESCRIBE on topic "secret"`},
		{committed, `asking for the committed offsets of group "mygroup": the user has no right to it; grant READ on group "mygroup"`},
		{group, `describing group "mygroup": the user has no right to it; grant READ on group "mygroup"`},
		{create, `creating topic "new": the user has no right to it; grant CREATE on topic "new"`},
		{config, `reading the configuration of topic "events": the user has no right to it; grant DESCRIBE_CONFIGS on topic "events"`},
		{produce("events"), `writing topic "events": the user has no right to it; grant WRITE and DESCRIBE on topic "events" (before Kafka 2.8 also IDEMPOTENT_WRITE on the cluster)`},
		{produce("secret"), `writing topic "secret": the user has no right to it; grant WRITE and DESCRIBE on topic "secret"`},
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
