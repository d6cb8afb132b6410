package kafka

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"sync"
	"syscall"

	"github.com/twmb/franz-go/pkg/kfake"
)

// loopback opens the embedded broker's listener and remembers its connections, so that Close can wait for them.
type loopback struct {
	address string
	virtual *kfake.VirtualNetwork
	open    sync.WaitGroup
}

func newLoopback(address string, virtual bool) (*loopback, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("embedded.listen: %q is not host:port, such as %s", address, DefaultListen)
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil {
		return nil, fmt.Errorf("embedded.listen: %q is not a port between 0 and 65535", port)
	} else if virtual && n == 0 {
		port = "9392" // the virtual network gives no ports of its own, and every broker has a network for itself
	}
	if host, err = loopbackHost(host); err != nil {
		return nil, err
	}
	l := &loopback{address: net.JoinHostPort(host, port)}
	if virtual {
		l.address, l.virtual = net.JoinHostPort("127.0.0.1", port), &kfake.VirtualNetwork{}
	}
	return l, nil
}

func loopbackHost(host string) (string, error) {
	if host == "" || host == "localhost" {
		return "127.0.0.1", nil
	}
	if ip := net.ParseIP(host); ip == nil || !ip.IsLoopback() {
		return "", fmt.Errorf("embedded.listen: %q is not on the loopback interface; the embedded broker checks nobody's rights, "+
			"so it listens on 127.0.0.1 or ::1 only", host)
	}
	return host, nil
}

// listen takes no notice of the address that kfake offers: it is always on 127.0.0.1.
func (l *loopback) listen(network, _ string) (net.Listener, error) {
	open := net.Listen
	if l.virtual != nil {
		open = l.virtual.Listen
	}
	listener, err := open(network, l.address)
	if err != nil {
		return nil, err
	}
	return &countedListener{Listener: listener, open: &l.open}, nil
}

// explain turns a busy port into what to do about it.
func (l *loopback) explain(err error) error {
	if !errors.Is(err, syscall.EADDRINUSE) {
		return err
	}
	return fmt.Errorf("%s is in use by another program; choose another port with -X embedded.listen=HOST:PORT, "+
		"or any free one with -X embedded.listen=127.0.0.1:0: %w", l.address, syscall.EADDRINUSE)
}

// wait returns when every connection is closed.
func (l *loopback) wait() { l.open.Wait() }

// countedListener counts the connections that it accepts.
type countedListener struct {
	net.Listener
	open *sync.WaitGroup
}

// Accept waits for the next connection.
func (l *countedListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	l.open.Add(1)
	return &countedConn{Conn: conn, closed: sync.OnceFunc(l.open.Done)}, nil
}

type countedConn struct {
	net.Conn
	closed func()
}

// Close closes the connection; kfake does so from its reader and its writer.
func (c *countedConn) Close() error {
	defer c.closed()
	return c.Conn.Close()
}
