package cmd_test

import (
	"context"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/hibana-stream/hibana/cmd"
)

// gate lies between the program and the brokers. While it is shut, connections are accepted and requests arrive, and no answer comes.
type gate struct {
	mu   sync.Mutex
	open chan struct{} // closed when answers pass
}

func newGate() *gate {
	g := &gate{open: make(chan struct{})}
	close(g.open)
	return g
}

func (g *gate) shut() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.open = make(chan struct{})
}

func (g *gate) lift() {
	g.mu.Lock()
	defer g.mu.Unlock()
	close(g.open)
}

func (g *gate) passes() <-chan struct{} {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.open
}

func (g *gate) dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := new(net.Dialer).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return &gatedConn{Conn: conn, gate: g, closed: make(chan struct{})}, nil
}

// gatedConn holds back what it has read while the gate is shut.
type gatedConn struct {
	net.Conn
	gate   *gate
	once   sync.Once
	closed chan struct{}
}

// Read implements net.Conn.
func (c *gatedConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	select {
	case <-c.gate.passes():
		return n, err
	case <-c.closed:
		return 0, net.ErrClosed
	}
}

// Close implements net.Conn.
func (c *gatedConn) Close() error {
	c.once.Do(func() { close(c.closed) })
	return c.Conn.Close()
}

// The brokers hang in mid-run, for longer than the session and the transaction last: they take requests, carry them out even, and do not
// answer. The program says what it waits for, goes on by itself when they are back, and each record is there once.
func TestKafkaTheBrokersHang(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("lasts half a minute: not with -short")
	}
	g := newGround(t, 2, nil)
	out := g.topic + "-out"
	g.create(out, 2, nil)
	g.writeEvents(0, 50, 2)
	gate := newGate()
	r := g.runJobThrough([]kgo.Opt{kgo.Dialer(gate.dial)}, copying(out, func(context.Context) error { return nil }),
		"-X", "delivery=exactly-once", "-X", "kafka.session.timeout.ms=6000", "-X", "kafka.transaction.timeout.ms=5000",
		"-X", "kafka.heartbeat.interval.ms=1000", "-X", "kafka.request.timeout.ms=3000")
	r.waits("copy of the first events", func() bool { return g.committed(0) > 0 && g.committed(1) > 0 })
	gate.shut()
	shut := time.Now()
	g.writeEvents(50, 100, 2)
	r.says("waiting")
	r.waits("end of the silence", func() bool { return time.Since(shut) > 9*time.Second })
	g.writeEvents(100, 150, 2)
	gate.lift()
	r.waits("commit of the rest", func() bool { return g.committed(0) >= 75 && g.committed(1) >= 75 })
	r.ends(cmd.ExitOK)
	g.eachOnce(out, 150)
}
