package kafka

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/hibana-stream/hibana/messages"
)

// How often the cluster is asked whether it and the topics are there.
const (
	watchTimeout = 2500 * time.Millisecond // one question: an unreachable cluster is told within 3 s
	watchWaiting = time.Second             // while something is not there
	watchEvery   = 5 * time.Second         // while all is well
	watchMissing = 3                       // a topic is deleted when it is missing that often in a row: one broker's metadata may be stale
)

// watch asks for the topics' metadata, again and again: kgo says nothing of brokers that do not answer, and nothing of a topic
// that is not there.
func (s *Source) watch() {
	w := watcher{source: s, ids: make(map[string]kadm.TopicID), missing: make(map[string]int)}
	for {
		every := watchEvery
		if !w.look(s.ctx) {
			every = watchWaiting
		}
		if !sleep(s.ctx, every) {
			return
		}
	}
}

// watcher remembers the topics that it has seen.
type watcher struct {
	source  *Source
	ids     map[string]kadm.TopicID
	missing map[string]int
}

// look asks once; false when something is not as it should be.
func (w *watcher) look(ctx context.Context) bool {
	s := w.source
	once, cancel := context.WithTimeout(ctx, watchTimeout)
	defer cancel()
	client, admin := s.clients()
	topics, err := admin.ListTopics(once, s.config.Topics...)
	switch {
	case ctx.Err() != nil:
		return true
	case err != nil && !passing(err):
		s.fail(s.explain(err))
		return false
	case err != nil:
		s.wait(waitBrokers, unreachable(client, err))
		return false
	}
	s.wait(waitBrokers, "")
	return w.compare(topics)
}

func unreachable(client *kgo.Client, err error) string {
	seeds, _ := client.OptValue(kgo.SeedBrokers).([]string)
	text := fmt.Sprintf("the brokers %s: no answer", strings.Join(seeds, ", "))
	if !errors.Is(err, context.DeadlineExceeded) {
		text += ": " + err.Error()
	}
	return text
}

// compare holds the topics against what was there before.
func (w *watcher) compare(topics kadm.TopicDetails) bool {
	s := w.source
	var absent []string
	for _, name := range w.wanted(topics) {
		detail, ok := topics[name]
		err := detail.Err
		if !ok {
			err = kerr.UnknownTopicOrPartition
		}
		switch {
		case errors.Is(err, kerr.UnknownTopicOrPartition):
			absent = append(absent, name)
			w.absent(name)
		case err != nil && !passing(err):
			s.fail(fmt.Errorf("topic %s: %w", name, s.explain(err)))
			return false
		case err == nil:
			w.present(name, detail.ID)
		}
	}
	switch {
	case len(absent) > 0:
		s.wait(waitTopics, fmt.Sprintf("the topic %s, which does not exist", strings.Join(absent, ", ")))
	case s.config.Pattern != "" && len(w.ids) == 0:
		s.wait(waitTopics, fmt.Sprintf("a topic that matches %q: there is none", s.config.Pattern))
	default:
		s.wait(waitTopics, "")
		return true
	}
	return false
}

// wanted are the configured topics, or those that match now or did before.
func (w *watcher) wanted(topics kadm.TopicDetails) []string {
	if w.source.config.Pattern == "" {
		return w.source.config.Topics
	}
	pattern := regexp.MustCompile(w.source.config.Pattern) // NewSource has compiled it
	var names []string
	for name, detail := range topics {
		if !detail.IsInternal && pattern.MatchString(name) {
			names = append(names, name)
		}
	}
	for name := range w.ids {
		if _, ok := topics[name]; !ok {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

func (w *watcher) absent(name string) {
	if _, seen := w.ids[name]; !seen {
		return
	}
	if w.missing[name]++; w.missing[name] >= watchMissing {
		w.source.fail(fmt.Errorf("the topic %s has been deleted", name))
	}
}

func (w *watcher) present(name string, id kadm.TopicID) {
	w.missing[name] = 0
	if before, seen := w.ids[name]; seen && before != id {
		w.source.fail(recreatedInMidRun(name, messages.TopicID(before), messages.TopicID(id)))
	}
	w.ids[name] = id
}
