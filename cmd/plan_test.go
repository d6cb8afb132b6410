package cmd_test

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/hibana-stream/hibana/actors/kafka"
	"github.com/hibana-stream/hibana/actors/streaming"
	"github.com/hibana-stream/hibana/cmd"
	"github.com/hibana-stream/hibana/messages"
)

// planned is the part of a plan's JSON that tests look at.
type planned struct {
	Principal  string
	State      string `json:"group_state"`
	Members    []any
	Partitions []struct {
		Topic          string
		From, End, Lag int64
		Why            string
		LagSeconds     float64 `json:"lag_seconds"`
	}
	Creates, Writes []struct{ Topic, Why string }
	Rights          []struct{ Right, Resource, Name, Granted string }
	Notes           []string
}

func (g *ground) plan(code int, more ...string) (p planned) {
	g.Helper()
	args := append([]string{"plan", "-o", "json", "-X", "kafka.bootstrap.servers=" + g.brokers, "-X", "kafka.group.id=" + g.topic, "-X", "topics=" + g.topic}, more...)
	s := start(g.T, args...)
	s.ended(g.T, code)
	if err := json.Unmarshal([]byte(s.stdout), &p); err != nil {
		g.Fatalf("%v\n%s%s", err, s.stdout, s.stderr)
	}
	return p
}

// On the embedded broker a plan starts nothing and says what a run would start.
func TestPlanOnTheEmbeddedBroker(t *testing.T) {
	s := start(t, "plan")
	s.ended(t, cmd.ExitOK)
	for _, words := range []string{"a run would start a broker on 127.0.0.1:9392", "would create\n  events", "at-least-once", "Nothing was joined"} {
		if !strings.Contains(s.stdout, words) {
			t.Errorf("no %q in\n%s", words, s.stdout)
		}
	}
}

// A plan says where each partition starts and why, how many records and how long that is behind, and leaves no trace.
func TestKafkaPlanSaysWhereARunStarts(t *testing.T) {
	g := newGround(t, 3, nil)
	began := time.Now()
	hourAgo := began.Add(-time.Hour)
	for partition := range int32(3) {
		for i := range 10 {
			r := event(partition, id(i))
			if r.Timestamp = hourAgo; i > 5 {
				r.Timestamp = began.Add(-time.Minute)
			}
			g.write(r)
		}
	}
	plan := messages.Plan{Time: time.UnixMilli(1_700_000_000_000), Until: 8, Attempt: 1}
	offsets := make(kadm.Offsets)
	offsets.Add(kadm.Offset{Topic: g.topic, Partition: 0, At: 7, LeaderEpoch: -1})
	offsets.Add(kadm.Offset{Topic: g.topic, Partition: 1, At: 3, LeaderEpoch: -1, Metadata: plan.Encode()})
	if err := g.admin.CommitAllOffsets(t.Context(), g.topic, offsets); err != nil {
		t.Fatal(err)
	}
	p := g.plan(cmd.ExitOK, "-X", "errors.tolerance=all")
	for i, want := range []struct {
		from    int64
		why     string
		seconds float64
	}{{7, "committed", 60}, {3, "it is run again", 3600}, {0, "auto.offset.reset is", 3600}} {
		got := p.Partitions[i]
		if got.From != want.from || got.Lag != 10-want.from || !strings.Contains(got.Why, want.why) ||
			got.LagSeconds < want.seconds || got.LagSeconds > (want.seconds+time.Since(began).Seconds())*1.2 {
			t.Errorf("partition %d: %+v, want %+v", i, got, want)
		}
	}
	if len(p.Members) > 0 || len(p.Creates) != 1 || p.Creates[0].Topic != g.topic+".dlq" || p.Writes[0].Topic != g.topic+".dlq" {
		t.Errorf("%+v", p)
	}
	g.untouched(7)
}

// untouched checks that a plan has neither committed, nor joined, nor created.
func (g *ground) untouched(committed int64) {
	g.Helper()
	if at := g.committed(0); at != committed {
		g.Errorf("%d is committed", at)
	}
	groups, err := g.admin.DescribeGroups(g.Context(), g.topic)
	if err != nil || groups[g.topic].State == "Stable" || len(groups[g.topic].Members) > 0 {
		g.Errorf("%+v %v", groups, err)
	}
	topics, err := g.admin.ListTopics(g.Context())
	if err != nil || topics.Has(g.topic+".dlq") {
		g.Errorf("the dead-letter topic is there: %v", err)
	}
}

// A topic that is not there is named; a run would wait for it.
func TestKafkaPlanNamesAMissingTopic(t *testing.T) {
	g := newGround(t, 1, nil)
	p := g.plan(cmd.ExitOK, "-X", "topics="+g.topic+"-missing")
	if len(p.Notes) != 1 || !strings.Contains(p.Notes[0], "does not exist: a run would wait for it") {
		t.Errorf("%+v", p)
	}
}

// Where a run would stop, the plan does: reset none without an offset.
func TestKafkaPlanEndsAsTheRunWould(t *testing.T) {
	g := newGround(t, 1, nil)
	p := g.plan(cmd.ExitFailed, "-X", "kafka.auto.offset.reset=none")
	if p.Partitions[0].From != -1 || !strings.Contains(p.Partitions[0].Why, "auto.offset.reset is none") {
		t.Errorf("%+v", p)
	}
}

// secured are arguments for the user alice, and the rights of hers as a plan sees them.
func (g *ground) secured() []string {
	ca, brokers := os.Getenv("HIBANA_TEST_KAFKA_CA"), os.Getenv("HIBANA_TEST_KAFKA_SASL_SSL")
	if ca == "" || brokers == "" {
		g.Skip("HIBANA_TEST_KAFKA_SASL_SSL is not set")
	}
	return []string{
		"-X", "kafka.bootstrap.servers=" + brokers, "-X", "kafka.security.protocol=SASL_SSL", "-X", "kafka.ssl.ca.location=" + ca,
		"-X", "kafka.sasl.mechanism=SCRAM-SHA-512", "-X", "kafka.sasl.username=alice", "-X", "kafka.sasl.password=alice-secret",
	}
}

func (g *ground) grant(kind kmsg.ACLResourceType, name string, operation kmsg.ACLOperation) {
	g.Helper()
	acl := kadm.NewACLs().Allow("User:alice").AllowHosts().Operations(operation).ResourcePatternType(kadm.ACLPatternLiteral)
	if kind == kmsg.ACLResourceTypeGroup {
		acl = acl.Groups(name)
	} else {
		acl = acl.Topics(name)
	}
	answers, err := g.admin.CreateACLs(g.Context(), acl)
	if err != nil || answers[0].Err != nil {
		g.Fatal(err, answers)
	}
}

// Right by right: as long as one is missing, plan and run name it and end with 5; with all of them both end with 0.
func TestKafkaRightsAreNamedOneByOne(t *testing.T) {
	g := newGround(t, 1, nil)
	secured := g.secured()
	g.write(event(0, id(0)))
	for _, missing := range []struct {
		words     string
		kind      kmsg.ACLResourceType
		name      string
		operation kmsg.ACLOperation
	}{
		{fmt.Sprintf("DESCRIBE on topic %q", g.topic), kmsg.ACLResourceTypeTopic, g.topic, kmsg.ACLOperationDescribe},
		{fmt.Sprintf("READ on topic %q", g.topic), kmsg.ACLResourceTypeTopic, g.topic, kmsg.ACLOperationRead},
		{fmt.Sprintf("READ on group %q", g.topic), kmsg.ACLResourceTypeGroup, g.topic, kmsg.ACLOperationRead},
		{fmt.Sprintf("%q", g.topic+".dlq"), kmsg.ACLResourceTypeTopic, g.topic + ".dlq", kmsg.ACLOperationDescribe},
		{fmt.Sprintf("CREATE on topic %q", g.topic+".dlq"), kmsg.ACLResourceTypeTopic, g.topic + ".dlq", kmsg.ACLOperationCreate},
		{fmt.Sprintf("WRITE on topic %q", g.topic+".dlq"), kmsg.ACLResourceTypeTopic, g.topic + ".dlq", kmsg.ACLOperationWrite},
	} {
		args := append(secured, "-X", "errors.tolerance=all")
		s := start(t, g.args(args...)...)
		s.ended(t, cmd.ExitRefused, missing.words)
		if s.took > 30*time.Second { // and startup.timeout is a minute
			t.Errorf("%s: it took %v", missing.words, s.took)
		}
		if p := g.plan(cmd.ExitRefused, args...); p.Principal != "User:alice" {
			t.Errorf("%+v", p)
		}
		g.grant(missing.kind, missing.name, missing.operation)
	}
	start(t, g.args(append(secured, "-X", "errors.tolerance=all")...)...).ended(t, cmd.ExitOK)
	p := g.plan(cmd.ExitOK, append(secured, "-X", "errors.tolerance=all")...)
	for _, r := range p.Rights {
		if r.Granted != "yes" {
			t.Errorf("%+v", r)
		}
	}
	if !slices.ContainsFunc(p.Rights, func(r struct{ Right, Resource, Name, Granted string }) bool { return r.Resource == "group" }) {
		t.Error("no right on the group")
	}
}

// State by partition needs its changelog: right by right, as long as one is missing the run names it and ends with 5.
func TestKafkaTheRightsToAChangelogAreNamed(t *testing.T) {
	g := newGround(t, 1, nil)
	secured := append(g.secured(), "-X", "exchange=partition", "-X", "instance=one")
	g.write(event(0, id(0)))
	g.create(g.topic+"-out", 1, nil)
	t.Setenv(copyTo, g.topic+"-out")
	job := func(s *streaming.Context) error { return numberingJob(s, "") }
	log := kafka.ChangelogTopic(g.topic, g.topic)
	for _, right := range []struct {
		kind kmsg.ACLResourceType
		name string
		op   kmsg.ACLOperation
	}{
		{kmsg.ACLResourceTypeTopic, g.topic, kmsg.ACLOperationRead}, {kmsg.ACLResourceTypeGroup, g.topic, kmsg.ACLOperationRead},
		{kmsg.ACLResourceTypeTopic, g.topic + "-out", kmsg.ACLOperationWrite},
	} {
		g.allow(right.kind, right.name, right.op)
	}
	for _, missing := range []struct {
		words string
		kind  kmsg.ACLResourceType
		name  string
		op    kmsg.ACLOperation
	}{
		{fmt.Sprintf("DESCRIBE on topic %q", log), kmsg.ACLResourceTypeTopic, log, kmsg.ACLOperationDescribe},
		{fmt.Sprintf("CREATE on topic %q", log), kmsg.ACLResourceTypeTopic, log, kmsg.ACLOperationCreate},
		{fmt.Sprintf("READ on topic %q", log), kmsg.ACLResourceTypeTopic, log, kmsg.ACLOperationRead},
		{fmt.Sprintf("WRITE on topic %q", log), kmsg.ACLResourceTypeTopic, log, kmsg.ACLOperationWrite},
		{"WRITE on transactional id", kmsg.ACLResourceTypeTransactionalId, g.topic + "-one", kmsg.ACLOperationWrite},
	} {
		startJob(t, job, g.args(secured...)...).ended(t, cmd.ExitRefused, missing.words)
		g.allow(missing.kind, missing.name, missing.op)
	}
	startJob(t, job, g.args(secured...)...).ended(t, cmd.ExitOK)
}

// A broker that wants a client's certificate is told from one that does not like ours: the settings that are missing are named.
func TestKafkaAClientsCertificateIsAskedFor(t *testing.T) {
	ca, brokers := os.Getenv("HIBANA_TEST_KAFKA_CA"), os.Getenv("HIBANA_TEST_KAFKA_SSL")
	if ca == "" || brokers == "" {
		t.Skip("HIBANA_TEST_KAFKA_SSL is not set")
	}
	g := newGround(t, 1, nil)
	args := g.args("-X", "kafka.bootstrap.servers="+brokers, "-X", "kafka.security.protocol=SSL", "-X", "kafka.ssl.ca.location="+ca)
	start(t, args...).ended(t, cmd.ExitRefused, "wants a client's certificate", "none is set; set ssl.certificate.location and ssl.key.location")
	g.allow(kmsg.ACLResourceTypeTopic, g.topic, kmsg.ACLOperationRead)
	g.allow(kmsg.ACLResourceTypeGroup, g.topic, kmsg.ACLOperationRead)
	own := append(args, "-X", "kafka.ssl.certificate.location="+os.Getenv("HIBANA_TEST_KAFKA_CERT"), "-X", "kafka.ssl.key.location="+os.Getenv("HIBANA_TEST_KAFKA_KEY"))
	start(t, own...).ended(t, cmd.ExitOK)
}
