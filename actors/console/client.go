package console

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"
)

// ErrGone says that the other side ended in the middle of a line.
var ErrGone = errors.New("the connection ended: hibana has stopped, or has closed the session")

// Client is a session in another process. Lines go one after the other.
type Client struct {
	conn    net.Conn
	replies *json.Decoder
	mu      sync.Mutex // held for a whole line
	writing sync.Mutex
	id      int64
}

// Dial connects to the socket of a running process.
func Dial(ctx context.Context, path string) (*Client, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "unix", path)
	if err != nil {
		return nil, err
	}
	return &Client{conn: conn, replies: json.NewDecoder(bufio.NewReader(conn))}, nil
}

// Close ends the session.
func (c *Client) Close() error { return c.conn.Close() }

// Do executes a line and waits for it, after End for the end of the other side. When ctx ends, the line is cancelled and the error
// is ctx's. Any other error means that the other side is gone.
func (c *Client) Do(ctx context.Context, line Line, out, errOut io.Writer) (Outcome, error) {
	end, err := c.ask(ctx, Request{Line: line}, out, errOut)
	if err != nil {
		return Outcome{}, err
	}
	if end.Then == End {
		return end.Outcome, c.untilEnd(ctx)
	}
	return end.Outcome, nil
}

// Complete lists how an unfinished line may end.
func (c *Client) Complete(ctx context.Context, line string) ([]Candidate, error) {
	end, err := c.ask(ctx, Request{Line: Line{Text: line}, Complete: true}, io.Discard, io.Discard)
	if err != nil {
		return nil, err
	}
	return end.Candidates, nil
}

func (c *Client) ask(ctx context.Context, r Request, out, errOut io.Writer) (*Done, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.id++
	r.ID = c.id
	_ = c.conn.SetReadDeadline(time.Time{})
	if err := c.write(r); err != nil {
		return nil, fmt.Errorf("%w (%v)", ErrGone, err)
	}
	defer c.cancelWith(ctx, r.ID)()
	for {
		var reply Reply
		if err := c.replies.Decode(&reply); err != nil {
			return nil, c.ended(ctx, err)
		}
		if reply.ID != r.ID && reply.ID != 0 {
			continue // of a line that was given up
		}
		_, _ = io.WriteString(out, reply.Out)
		_, _ = io.WriteString(errOut, reply.Err)
		if reply.Done != nil {
			return reply.Done, context.Cause(ctx)
		}
	}
}

// cancelTimeout bounds the wait for the answer to a line that was cancelled.
const cancelTimeout = 2 * time.Second

// cancelWith cancels the line when ctx ends. The function returned ends that, and waits for a cancel that is under way: its
// deadline must not hit the next line.
func (c *Client) cancelWith(ctx context.Context, id int64) (end func()) {
	cancelled := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(cancelled)
		c.cancel(id)
	})
	return func() {
		if !stop() {
			<-cancelled
		}
	}
}

// cancel asks the other side to give the line up. If it does not answer even that, the connection is of no more use.
func (c *Client) cancel(id int64) {
	_ = c.write(Request{ID: id, Cancel: true})
	_ = c.conn.SetReadDeadline(time.Now().Add(cancelTimeout))
}

// untilEnd waits for the other side to end the connection.
func (c *Client) untilEnd(ctx context.Context) error {
	defer context.AfterFunc(ctx, func() { _ = c.conn.SetReadDeadline(time.Now()) })()
	_, _ = io.Copy(io.Discard, c.conn)
	return context.Cause(ctx)
}

func (c *Client) ended(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return fmt.Errorf("%w (%v)", ErrGone, err)
}

func (c *Client) write(r Request) error {
	c.writing.Lock()
	defer c.writing.Unlock()
	_ = c.conn.SetWriteDeadline(time.Now().Add(writeTimeout))
	return json.NewEncoder(c.conn).Encode(r)
}
