package console

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// folder is a short path: a socket's address has room for about a hundred bytes, and t.TempDir may use more.
func folder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "hb")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// serve makes a console that listens, and returns the path of its socket.
func serve(t *testing.T) (*stream, string) {
	t.Helper()
	s := newStream(t)
	path := filepath.Join(folder(t), "s")
	l, err := Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	s.work.Go(func() {
		if err := s.Serve(s.ctx, l); err != nil {
			t.Error(err)
		}
	})
	return s, path
}

func dial(t *testing.T, path string) *Client {
	t.Helper()
	c, err := Dial(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// The wire is a contract: these are its bytes.
func TestWireIsNewlineDelimitedJSON(t *testing.T) {
	_, path := serve(t)
	conn, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	_, _ = fmt.Fprint(conn, `{"id":7,"line":"hello","output":"tsv"}`+"\n"+`{"id":8,"line":"x","complete":true}`+"\n"+"nonsense\n")
	answers := bufio.NewScanner(conn)
	got := map[string]bool{}
	for range 5 {
		if !answers.Scan() {
			t.Fatal(answers.Err())
		}
		got[answers.Text()] = true
	}
	for _, want := range []string{
		`{"id":7,"out":"hello tsv\n"}`,
		`{"id":7,"done":true,"code":0}`,
		`{"id":8,"done":true,"code":0,"candidates":[{"text":"x1","description":"first"},{"text":"x2"}]}`,
		`{"id":0,"err":"not a request: invalid character 'o' in literal null (expecting 'u')\n"}`,
		`{"id":0,"done":true,"code":2}`,
	} {
		if !got[want] {
			t.Errorf("%s is missing in %v", want, got)
		}
	}
}

// Several clients at once: each gets its own answers.
func TestServeKeepsClientsApart(t *testing.T) {
	_, path := serve(t)
	var clients sync.WaitGroup
	for i := range 8 {
		c := dial(t, path)
		clients.Go(func() {
			for j := range 50 {
				line := fmt.Sprintf("client %d line %d", i, j)
				var out bytes.Buffer
				if _, err := c.Do(t.Context(), Line{Text: line}, &out, &out); err != nil || out.String() != line+" \n" {
					t.Errorf("%v %q", err, out.String())
				}
			}
		})
	}
	clients.Wait()
}

// A client that dies in the middle of a line takes that line with it, and nobody else.
func TestServeOutlivesADyingClient(t *testing.T) {
	s, path := serve(t)
	other, dying := dial(t, path), dial(t, path)
	if err := dying.write(Request{ID: 1, Line: Line{Text: "wait"}}); err != nil {
		t.Fatal(err)
	}
	<-s.begun
	_ = dying.Close()
	if out, _ := do(t, other, "still here"); out != "still here json\n" {
		t.Errorf("%q", out)
	}
	s.end() // hangs if the dead client's line still runs
}

func TestServeAcceptsWithinATenthOfASecond(t *testing.T) {
	_, path := serve(t)
	begin := time.Now()
	do(t, dial(t, path), "hello")
	if took := time.Since(begin); took > 100*time.Millisecond {
		t.Errorf("connecting and one line took %v", took)
	}
}

// The end of the stream ends everything: the listener, its file, the connections.
func TestServeEndsWithItsContext(t *testing.T) {
	s, path := serve(t)
	c := dial(t, path)
	do(t, c, "hello")
	s.end()
	if _, err := os.Lstat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the socket is still there: %v", err)
	}
	if _, err := c.Do(t.Context(), Line{Text: "late"}, io.Discard, io.Discard); !errors.Is(err, ErrGone) {
		t.Errorf("%v", err)
	}
}

// After a line that is complete at the end of the stream, the client waits for that end.
func TestClientWaitsForTheEnd(t *testing.T) {
	s, path := serve(t)
	c := dial(t, path)
	answered := make(chan Outcome, 1)
	go func() {
		o, err := c.Do(context.Background(), Line{Text: "end"}, io.Discard, io.Discard)
		if err != nil {
			t.Error(err)
		}
		answered <- o
	}()
	<-s.begun
	do(t, dial(t, path), "in between")
	select {
	case <-answered:
		t.Error("it returned before the end")
	default:
	}
	s.end()
	if o := <-answered; o.Then != End || o.Code != 0 {
		t.Errorf("%+v", o)
	}
}

// The line that is under way at the end of the stream is answered, for it may be the one that ended it.
func TestServeAnswersTheLastLine(t *testing.T) {
	s, path := serve(t)
	c := dial(t, path)
	go func() {
		<-s.begun
		s.end()
	}()
	if out, o := do(t, c, "wait"); out != "ended\n" || o.Code != 1 {
		t.Errorf("%q %+v", out, o)
	}
}

// A line that is cancelled ends on the other side; the connection is good for the next one.
func TestClientCancels(t *testing.T) {
	s, path := serve(t)
	c := dial(t, path)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-s.begun
		cancel()
	}()
	var out bytes.Buffer
	if _, err := c.Do(ctx, Line{Text: "wait"}, &out, &out); !errors.Is(err, context.Canceled) || out.String() != "ended\n" {
		t.Errorf("%v %q", err, out.String())
	}
	if out, _ := do(t, c, "next"); out != "next json\n" {
		t.Errorf("%q", out)
	}
}

// Lines that wait are bounded; what is too much is refused and not forgotten.
func TestSessionBoundsTheLinesThatWait(t *testing.T) {
	s, path := serve(t)
	conn, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	_, _ = fmt.Fprintln(conn, `{"id":1,"line":"hold"}`)
	<-s.begun
	for range mostWaiting + 1 {
		_, _ = fmt.Fprintln(conn, `{"id":2,"line":"#"}`)
	}
	answers := json.NewDecoder(conn)
	var first Reply
	if err := answers.Decode(&first); err != nil || !strings.Contains(first.Err, "1000 lines are waiting") {
		t.Errorf("%+v %v", first, err)
	}
	close(s.held)
}
