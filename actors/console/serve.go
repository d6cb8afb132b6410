package console

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"
)

// writeTimeout is how long a client may take none of what is written to it before its session ends.
const writeTimeout = 10 * time.Second

// Serve gives every connection of the listener a session, until ctx ends; then it closes the listener and the connections.
// It returns nil when ctx ended, and waits for nobody: the connections' goroutines are Config.Go's to wait for.
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
	closed := context.AfterFunc(ctx, func() { _ = conn.Close() })
	c.config.Go(func(context.Context) {
		defer closed()
		defer func() { _ = conn.Close() }()
		c.attend(&connection{conn: conn, encoder: json.NewEncoder(conn)})
	})
}

// attend reads a connection's requests to its end and hands them to a session.
func (c *Console) attend(conn *connection) {
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
		c.config.Root.Send(session.pid, ask{r, conn.reply})
	}
}

// connection writes replies; several goroutines may.
type connection struct {
	conn    net.Conn
	mu      sync.Mutex
	encoder *json.Encoder
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
