package cmd_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/hibana-stream/hibana/cmd"
)

// A right is taken away in mid-run: the program ends with one sentence that names it, and exit code 5. When it is given back, a restart
// goes on where the first stopped: each record is there once.
func TestKafkaARightIsLostInMidRun(t *testing.T) {
	for _, lost := range []struct {
		name  string
		kind  kmsg.ACLResourceType
		of    string // behind the topic's name
		op    kmsg.ACLOperation
		words string
	}{
		{"reading", kmsg.ACLResourceTypeTopic, "", kmsg.ACLOperationRead, "READ"},
		{"group", kmsg.ACLResourceTypeGroup, "", kmsg.ACLOperationRead, "READ on group"},
		{"writing", kmsg.ACLResourceTypeTopic, "-out", kmsg.ACLOperationWrite, "WRITE"},
		{"transactions", kmsg.ACLResourceTypeTransactionalId, "-one", kmsg.ACLOperationWrite, "transactional id"},
	} {
		t.Run(lost.name, func(t *testing.T) {
			t.Parallel()
			g := newGround(t, 2, nil)
			secured := append(g.secured(), "-X", "delivery=exactly-once", "-X", "instance=one")
			out := g.topic + "-out"
			g.create(out, 2, nil)
			for _, right := range []struct {
				kind kmsg.ACLResourceType
				name string
				op   kmsg.ACLOperation
			}{
				{kmsg.ACLResourceTypeTopic, g.topic, kmsg.ACLOperationDescribe}, {kmsg.ACLResourceTypeTopic, g.topic, kmsg.ACLOperationRead},
				{kmsg.ACLResourceTypeGroup, g.topic, kmsg.ACLOperationRead}, {kmsg.ACLResourceTypeTopic, out, kmsg.ACLOperationWrite},
				{kmsg.ACLResourceTypeTopic, out, kmsg.ACLOperationDescribe}, {kmsg.ACLResourceTypeTransactionalId, g.topic + "-one", kmsg.ACLOperationWrite},
				{kmsg.ACLResourceTypeTransactionalId, g.topic + "-one", kmsg.ACLOperationDescribe},
			} {
				g.allow(right.kind, right.name, right.op)
			}
			g.writeEvents(0, 50, 2)
			job := copying(out, func(context.Context) error { return nil })
			r := g.runJob(job, secured...)
			r.waits("copy of the first events", func() bool { return g.committed(0) > 0 && g.committed(1) > 0 })
			g.disallow(lost.kind, g.topic+lost.of, lost.op)
			g.writeEvents(50, 100, 2)
			r.fails(cmd.ExitRefused, lost.words, fmt.Sprintf("%q", g.topic+lost.of))
			g.allow(lost.kind, g.topic+lost.of, lost.op)
			startJob(t, job, g.args(secured...)...).ended(t, cmd.ExitOK)
			g.eachOnce(out, 100)
		})
	}
}

func (g *ground) acl(kind kmsg.ACLResourceType, name string, op kmsg.ACLOperation) *kadm.ACLBuilder {
	b := kadm.NewACLs().Allow("User:alice").AllowHosts().Operations(op).ResourcePatternType(kadm.ACLPatternLiteral)
	switch kind {
	case kmsg.ACLResourceTypeGroup:
		return b.Groups(name)
	case kmsg.ACLResourceTypeTransactionalId:
		return b.TransactionalIDs(name)
	}
	return b.Topics(name)
}

func (g *ground) allow(kind kmsg.ACLResourceType, name string, op kmsg.ACLOperation) {
	g.Helper()
	if answers, err := g.admin.CreateACLs(g.Context(), g.acl(kind, name, op)); err != nil || answers[0].Err != nil {
		g.Fatal(err, answers)
	}
}

func (g *ground) disallow(kind kmsg.ACLResourceType, name string, op kmsg.ACLOperation) {
	g.Helper()
	if answers, err := g.admin.DeleteACLs(g.Context(), g.acl(kind, name, op)); err != nil || len(answers) == 0 || answers[0].Err != nil || len(answers[0].Deleted) == 0 {
		g.Fatal(err, answers)
	}
}
