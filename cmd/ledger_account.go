package cmd

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hibana-stream/hibana/actors/checkpoint"
	"github.com/hibana-stream/hibana/actors/kafka"
	"github.com/hibana-stream/hibana/messages"
)

// account is what the ledgers say, and what the cluster has committed.
type account struct {
	history checkpoint.History
	groups  []string
	// committed are the offsets by group; a group is missing when the cluster did not tell.
	committed map[string]map[messages.TopicPartition]int64
	where     string // the cluster
}

// open reads the ledgers, and between two looks at the committed offsets: what moves meanwhile belongs to a stream that runs, and
// is not compared. also are partitions whose offsets are wanted beside those of the ledgers.
func (l *ledgers) open(folders []string, also ...messages.TopicPartition) (*account, error) {
	config, err := l.main.load(l.flags)
	if err != nil {
		return nil, err
	}
	if folders, err = ledgerFolders(config, folders); err != nil {
		return nil, err
	}
	a := &account{committed: map[string]map[messages.TopicPartition]int64{}, where: strings.Join(config.Settings.Bootstrap(), ",")}
	if a.history, err = checkpoint.Read(folders...); err != nil {
		return nil, err
	}
	a.groups = l.choose(config, a.history.Groups())
	if a.groups == nil {
		return nil, fmt.Errorf("the ledgers have no batch of group %q; they have %s", l.group, quotedList(a.history.Groups()))
	}
	err = l.compare(config, a, also, func() error {
		a.history, err = checkpoint.Read(folders...)
		return err
	})
	for _, w := range a.history.Warnings() {
		fmt.Fprintf(l.main.Stderr, "hibana: warning: %s\n", w)
	}
	return a, err
}

// ledgerFolders are those that were named, or the configured one.
func ledgerFolders(c *Config, named []string) ([]string, error) {
	switch {
	case len(named) > 0:
		return named, nil
	case c.Ledger != "":
		return []string{c.Ledger}, nil
	case c.Checkpoint != "":
		return []string{c.Checkpoint}, nil
	}
	return nil, &UsageError{fmt.Errorf("no ledger is configured (ledger, checkpoint): name its FOLDER")}
}

// choose are the groups to look at: the one that was named, the configured one when it is among them, or all; nil for none.
func (l *ledgers) choose(c *Config, there []string) []string {
	switch group := c.group(); {
	case l.group != "" && !slices.Contains(there, l.group):
		return nil
	case l.group != "":
		return []string{l.group}
	case c.setProperty("group.id") && slices.Contains(there, group):
		return []string{group}
	}
	return there
}

// compare asks the cluster; one that does not answer is told, and is no error: the ledgers can be judged without it.
func (l *ledgers) compare(c *Config, a *account, also []messages.TopicPartition, again func() error) error {
	if c.embedded() && l.main.Network == nil {
		return nil
	}
	options, err := c.Settings.AdminOptions("ledger", nil)
	if err != nil {
		return &UsageError{err}
	}
	admin, err := kafka.NewAdmin(append(options, l.main.Network...), askTimeout)
	if err != nil {
		return err
	}
	defer admin.Close()
	before, err := a.committedOn(admin, also)
	if err != nil {
		fmt.Fprintf(l.main.Stderr, "hibana: warning: the committed offsets are not known: %v\n", err)
		return nil
	}
	if err := again(); err != nil {
		return err
	}
	after, err := a.committedOn(admin, also)
	if err != nil {
		return nil
	}
	for group, offsets := range after {
		for p, at := range offsets {
			if was, ok := before[group][p]; !ok || was != at {
				delete(offsets, p)
			}
		}
	}
	a.committed = after
	return nil
}

// committedOn asks for the offsets of the partitions by their names: asked for all of a group, a cluster leaves out what it does not know
// at the moment.
func (a *account) committedOn(admin *kafka.Admin, also []messages.TopicPartition) (map[string]map[messages.TopicPartition]int64, error) {
	all := map[string]map[messages.TopicPartition]int64{}
	for _, group := range a.groups {
		offsets, err := admin.Committed(context.Background(), group, append(a.history.Partitions(group), also...)...)
		if err != nil {
			return nil, err
		}
		all[group] = map[messages.TopicPartition]int64{}
		for p, o := range offsets {
			all[group][p] = o.At
		}
	}
	return all, nil
}

// compared says what the verdict rests on.
func (a *account) compared(group string) string {
	if a.committed[group] == nil {
		return ", without the cluster's committed offsets"
	}
	return ", with the offsets committed on " + a.where
}

// standing says whether a record lies behind the committed offset.
func (a *account) standing(group string, place messages.Place) string {
	at, ok := a.committed[group][place.TopicPartition]
	switch {
	case !ok:
		return ""
	case place.Offset < at:
		return fmt.Sprintf("committed is %d: the group is done with it\n", at)
	}
	return fmt.Sprintf("committed is %d: the group has it still to do\n", at)
}

func stampOf(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }
