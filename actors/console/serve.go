package console

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// writeTimeout is how long a client may take none of what is written to it before its session ends.
const writeTimeout = 10 * time.Second

// Serve gives every connection of the listener a session, until ctx ends; then it closes the listener and the connections, once
// the lines that the end has cancelled are answered. It returns nil when ctx ended, and waits for nobody: the connections'
// goroutines are Config.Go's to wait for.
func (c *Console) Serve(ctx context.Context, l net.Listener) error {
	defer context.AfterFunc(ctx, func() { _ = l.Close() })()
	defer func() { _ = l.Close() }()
	for {
		conn, err := l.Accept()
		if ctx.Err() != nil {
			if err == nil {
				_ = conn.Close()
			}
			return nil
		}
		if errors.Is(err, net.ErrClosed) {
			return err
		}
		if err != nil { // out of file descriptors, or the client went away: the next one may fare better
			if !pause(ctx, 50*time.Millisecond) {
				return nil
			}
			continue
		}
		c.welcome(ctx, conn)
	}
}

func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// welcome starts the connection's goroutine. It may be refused when the stream ends: then the end closes the connection.
func (c *Console) welcome(ctx context.Context, conn net.Conn) {
	attended := &connection{conn: conn, encoder: json.NewEncoder(conn), answered: make(chan struct{}, 1)}
	stop := context.AfterFunc(ctx, attended.hangUp)
	c.config.Go(func(ctx context.Context) {
		defer stop()
		defer func() { _ = conn.Close() }()
		attended.begun.Store(true)
		c.attend(ctx, attended)
	})
}

// attend reads a connection's requests and hands them to a session, until the client has gone or the stream ends.
func (c *Console) attend(ctx context.Context, conn *connection) {
	session, err := c.Open()
	if err != nil {
		conn.reply(Reply{Err: err.Error() + "\n"})
		conn.reply(done(0, Outcome{Code: 5}, nil))
		return
	}
	defer session.Close()
	lines := bufio.NewScanner(conn.conn)
	lines.Buffer(nil, longestLine)
	for lines.Scan() {
		var r Request
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			conn.reply(Reply{ID: r.ID, Err: fmt.Sprintf("not a request: %v\n", err)})
			conn.reply(done(r.ID, Outcome{Code: 2}, nil))
			continue
		}
		if !r.Cancel {
			conn.open.Add(1)
		}
		c.config.Root.Send(session.pid, ask{r, conn.answer})
	}
	if ctx.Err() != nil {
		conn.awaitAnswers()
	}
}

// connection writes replies; several goroutines may.
type connection struct {
	conn     net.Conn
	begun    atomic.Bool
	open     atomic.Int64  // requests without an answer
	answered chan struct{} // takes a token when an answer has been written
	mu       sync.Mutex
	encoder  *json.Encoder
}

// hangUp ends the reading. The line that ended the stream still gets its answer: attend closes the connection behind it.
func (c *connection) hangUp() {
	if c.begun.Load() {
		_ = c.conn.SetReadDeadline(time.Now())
		return
	}
	_ = c.conn.Close()
}

// lastAnswers bounds the wait for the answers to lines that the end of the stream has cancelled.
const lastAnswers = 500 * time.Millisecond

func (c *connection) awaitAnswers() {
	timer := time.NewTimer(lastAnswers)
	defer timer.Stop()
	for c.open.Load() > 0 {
		select {
		case <-c.answered:
		case <-timer.C:
			return
		}
	}
}

// answer writes a reply to a request.
func (c *connection) answer(r Reply) {
	c.reply(r)
	if r.Done == nil {
		return
	}
	c.open.Add(-1)
	select {
	case c.answered <- struct{}{}:
	default:
	}
}

// reply writes one reply. A client that does not read is cut off: the reader then ends the session.
func (c *connection) reply(r Reply) {
	c.mu.Lock()
	defer c.mu.Unlock()
	_ = c.conn.SetWriteDeadline(time.Now().Add(writeTimeout))
	if err := c.encoder.Encode(r); err != nil {
		_ = c.conn.Close()
	}
}
