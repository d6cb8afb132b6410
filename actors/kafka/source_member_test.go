package kafka

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/hibana-stream/hibana/messages"
)

// lane is what a member has read of one partition since its last Reset, and since it owns it.
type lane struct {
	position messages.Position
	epoch    int64
	until    int64
	end      int64
	bytes    int
	events   int
	stale    int
	values   []string
	offsets  []int64
}

// member is an aggregator with its consumers, as far as a Source can tell: it opens what it is assigned, reads, gives the credit
// back, and commits what it has read when it has to let go.
type member struct {
	t      *testing.T
	source *Source
	hold   bool // never gives credit back
	manual bool // opens nothing by itself
	keep   bool // does not answer Revoked
	rough  bool // its commits may fail

	mu       sync.Mutex
	lanes    map[messages.TopicPartition]*lane
	read     map[messages.TopicPartition][]int64 // all offsets ever read
	messages []any
	changed  chan struct{}
	work     sync.WaitGroup
}

func (g *ground) member(config SourceConfig) *member {
	g.t.Helper()
	s, err := NewSource(config)
	if err != nil {
		g.t.Fatal(err)
	}
	return &member{
		t: g.t, source: s, changed: make(chan struct{}, 1),
		lanes: make(map[messages.TopicPartition]*lane), read: make(map[messages.TopicPartition][]int64),
	}
}

func (m *member) start() *member {
	m.t.Cleanup(m.stop)
	m.source.Join(m.deliver)
	m.source.Start()
	return m
}

func (m *member) stop() {
	m.source.Stop(true)
	m.work.Wait()
}

func (m *member) signal() {
	select {
	case m.changed <- struct{}{}:
	default:
	}
}

func (m *member) deliver(message any) {
	m.mu.Lock()
	m.messages = append(m.messages, message)
	m.mu.Unlock()
	defer m.signal()
	switch message := message.(type) {
	case messages.Assigned:
		for at := range message.Positions() {
			m.mu.Lock()
			m.lanes[at.TopicPartition] = &lane{position: at, until: at.From}
			m.mu.Unlock()
			if !m.manual {
				m.open(at.TopicPartition, at.From)
			}
		}
	case messages.Revoked:
		if !m.keep {
			m.work.Go(func() { m.release(message) })
		}
	case messages.Lost:
		m.mu.Lock()
		for p := range message.Partitions() {
			delete(m.lanes, p)
		}
		m.mu.Unlock()
	}
}

// open resets a partition. Its Events are taken under the epoch that Reset returns; mu is held over both, so that none is early.
func (m *member) open(p messages.TopicPartition, from int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	l := m.lanes[p]
	l.until, l.values, l.offsets, l.bytes = from, nil, nil, 0
	l.epoch = m.source.Reset(p, from, m.events)
}

func (m *member) events(e messages.Events) {
	defer m.signal()
	m.mu.Lock()
	defer m.mu.Unlock()
	l := m.lanes[e.Partition()]
	if l == nil || l.epoch != e.Epoch() {
		if l != nil {
			l.stale++
		}
		return
	}
	buffer := make([]messages.Raw, e.Len())
	if e.Len() > 0 {
		n, _ := e.Read(buffer, 0)
		buffer = buffer[:n]
	}
	for _, r := range buffer {
		if r.Offset() < l.until {
			m.t.Errorf("%s: offset %d after %d", e.Partition(), r.Offset(), l.until)
		}
		l.values = append(l.values, r.Value())
		l.offsets = append(l.offsets, r.Offset())
		m.read[e.Partition()] = append(m.read[e.Partition()], r.Offset())
	}
	l.until, l.end = e.Until(), e.End()
	l.bytes += e.Bytes()
	l.events++
	if !m.hold {
		m.source.Consumed(e.Partition(), e.Epoch(), e.Bytes())
	}
}

// release commits what has been read of the partitions and lets them go.
func (m *member) release(r messages.Revoked) {
	m.commit(slices.Collect(r.Partitions()))
	m.source.Released(r.ID)
}

// leave commits what has been read, and stops.
func (m *member) leave() {
	m.commit(m.owned())
	m.stop()
}

// commit reads nothing more of the partitions and commits what has been read.
func (m *member) commit(partitions []messages.TopicPartition) {
	var offsets []messages.Offset
	m.mu.Lock()
	for _, p := range partitions {
		if l := m.lanes[p]; l != nil {
			offsets = append(offsets, messages.Offset{TopicPartition: p, At: l.until})
			delete(m.lanes, p)
		}
	}
	m.mu.Unlock()
	if err := m.source.CommitOffsets(context.Background(), offsets); err != nil && !m.rough {
		m.t.Errorf("commit of %v: %v", offsets, err)
	}
}

// await waits until condition holds, looking again whenever something has been delivered.
func (m *member) await(what string, condition func() bool) {
	m.t.Helper()
	deadline := time.After(patience)
	look := time.NewTicker(100 * time.Millisecond)
	defer look.Stop()
	for {
		m.mu.Lock()
		ok := condition()
		m.mu.Unlock()
		if ok {
			return
		}
		select {
		case <-m.changed:
		case <-look.C:
		case <-deadline:
			m.t.Fatalf("waited in vain for %s; waiting %q; messages %v", what, m.source.Waiting(), m.messages)
		}
	}
}

// awaitFailure waits for SourceFailed.
func (m *member) awaitFailure() (err error) {
	m.t.Helper()
	m.await("SourceFailed", func() bool {
		for _, message := range m.messages {
			if failed, ok := message.(messages.SourceFailed); ok {
				err = failed.Err
			}
		}
		return err != nil
	})
	return err
}

// awaitUntil waits until the partition has been read up to an offset.
func (m *member) awaitUntil(p messages.TopicPartition, until int64) *lane {
	m.t.Helper()
	m.await(fmt.Sprintf("%s at %d", p, until), func() bool { return m.lanes[p] != nil && m.lanes[p].until == until })
	m.mu.Lock()
	defer m.mu.Unlock()
	l := *m.lanes[p]
	l.values, l.offsets = slices.Clone(l.values), slices.Clone(l.offsets)
	return &l
}

func tp(topic string, partition int32) messages.TopicPartition {
	return messages.TopicPartition{Topic: topic, Partition: partition}
}
