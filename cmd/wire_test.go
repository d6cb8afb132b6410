package cmd_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/hibana-stream/hibana/cmd"
)

// wire is a way to the brokers that keeps the produce requests which pass on it, and when they did.
type wire struct {
	deaf     bool // a connection ends with the answer to a produce request, which is lost
	mu       sync.Mutex
	produced []produced
}

// produced is one produce request as it stood on the wire.
type produced struct {
	at       time.Time
	clientID string
	*kmsg.ProduceRequest
}

func (w *wire) network() []kgo.Opt { return []kgo.Opt{kgo.Dialer(w.dial)} }

func (w *wire) dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := new(net.Dialer).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return &wiredConn{Conn: conn, wire: w}, nil
}

// requests are the produce requests so far.
func (w *wire) requests() []produced {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]produced(nil), w.produced...)
}

// wiredConn looks at what is sent; one goroutine writes at a time.
type wiredConn struct {
	net.Conn
	wire     *wire
	sent     bytes.Buffer
	produced atomic.Bool
}

// Read implements net.Conn.
func (c *wiredConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if err == nil && c.wire.deaf && c.produced.Load() {
		return 0, errors.Join(io.ErrUnexpectedEOF, c.Close())
	}
	return n, err
}

// Write implements net.Conn.
func (c *wiredConn) Write(b []byte) (int, error) {
	c.sent.Write(b)
	for {
		rest := c.sent.Bytes()
		if len(rest) < 4 || len(rest) < 4+int(binary.BigEndian.Uint32(rest)) {
			return c.Conn.Write(b)
		}
		if c.wire.note(c.sent.Next(4 + int(binary.BigEndian.Uint32(rest)))[4:]) {
			c.produced.Store(true)
		}
	}
}

// note keeps a request if it is one to produce: key, version, number, client id, and in newer versions tags, of which there are none, stand before it.
func (w *wire) note(request []byte) bool {
	if kmsg.Key(binary.BigEndian.Uint16(request)) != kmsg.Produce {
		return false
	}
	p := produced{at: time.Now(), ProduceRequest: kmsg.NewPtrProduceRequest()}
	p.SetVersion(int16(binary.BigEndian.Uint16(request[2:])))
	body := 10 + int(binary.BigEndian.Uint16(request[8:]))
	p.clientID = string(request[10:body])
	if p.IsFlexible() {
		body++
	}
	if err := p.ReadFrom(bytes.Clone(request[body:])); err != nil {
		panic(err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.produced = append(w.produced, p)
	return true
}

// The producer's properties of the post, as a broker sees them: acks, request.timeout.ms and client.id stand in every produce request.
func TestKafkaTheProducersPropertiesOnTheWire(t *testing.T) {
	for _, c := range []struct {
		acks string
		want int16
	}{{"0", 0}, {"1", 1}, {"all", -1}, {"-1", -1}} {
		t.Run(c.acks, func(t *testing.T) {
			t.Parallel()
			g := newGround(t, 1, nil)
			out := g.topic + "-out"
			g.create(out, 1, nil)
			g.write(event(0, id(0)))
			w := &wire{}
			r := g.runJobThrough(w.network(), copying(out, func(context.Context) error { return nil }), "-X", "kafka.acks="+c.acks,
				"-X", "kafka.request.timeout.ms=7s", "-X", "kafka.client.id=clientid", "-X", "instance=one")
			r.waits("produce request", func() bool { return len(w.requests()) > 0 })
			p := w.requests()[0]
			if p.Acks != c.want || p.TimeoutMillis != 7000 || p.clientID != "clientid-one" {
				t.Errorf("acks %d, timeout %d ms, client id %q", p.Acks, p.TimeoutMillis, p.clientID)
			}
			r.signals <- syscall.SIGINT
			<-r.ended
		})
	}
}

// The broker's answers are lost: it gets a record once, and retries times again, retry.backoff.ms apart or more. Without idempotence
// each stands in the topic; with it the record is there once.
func TestKafkaRetriesAreCountedByTheBroker(t *testing.T) {
	for _, c := range []struct {
		acks    string
		retries int
		backoff time.Duration
		stands  int
	}{
		{"1", 0, 100 * time.Millisecond, 1}, {"1", 1, 700 * time.Millisecond, 2}, {"1", 3, 100 * time.Millisecond, 4},
		{"1", 3, 300 * time.Millisecond, 4}, {"all", 3, 100 * time.Millisecond, 1},
	} {
		t.Run(fmt.Sprintf("acks %s, %d after %v", c.acks, c.retries, c.backoff), func(t *testing.T) {
			t.Parallel()
			g := newGround(t, 1, nil)
			out := g.topic + "-out"
			g.create(out, 1, nil)
			g.write(event(0, id(0)))
			w := &wire{deaf: true}
			r := g.runJobThrough(w.network(), copying(out, func(context.Context) error { return nil }), "-X", "kafka.acks="+c.acks,
				"-X", "failure.retries=0", "-X", fmt.Sprintf("kafka.retries=%d", c.retries), "-X", "kafka.retry.backoff.ms="+c.backoff.String())
			r.fails(cmd.ExitFailed, fmt.Sprintf("given up after %d retries (retries)", c.retries))
			tries := w.requests()
			stands, _ := g.read(out)
			if len(tries) != c.retries+1 || len(stands) != c.stands {
				t.Errorf("the record was sent %d times, and stands %d times", len(tries), len(stands))
			}
			for i := 1; i < len(tries); i++ {
				if wait := tries[i].at.Sub(tries[i-1].at); wait < c.backoff*8/10 {
					t.Errorf("try %d came %v after the one before", i, wait)
				}
			}
		})
	}
}
