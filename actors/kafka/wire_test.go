package kafka

import (
	"encoding/binary"
	"net"
	"slices"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
)

// sniffer is a network that keeps what clients send.
type sniffer struct {
	kfake.VirtualNetwork
	mu    sync.Mutex
	conns []*sniffed
}

type sniffedListener struct {
	net.Listener
	to *sniffer
}

type sniffed struct {
	net.Conn
	mu   sync.Mutex
	sent []byte
}

func (s *sniffer) listen(network, address string) (net.Listener, error) {
	l, err := s.VirtualNetwork.Listen(network, "127.0.0.1:9092")
	return &sniffedListener{l, s}, err
}

func (l *sniffedListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	c := &sniffed{Conn: conn}
	l.to.mu.Lock()
	defer l.to.mu.Unlock()
	l.to.conns = append(l.to.conns, c)
	return c, nil
}

func (c *sniffed) Read(into []byte) (int, error) {
	n, err := c.Conn.Read(into)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sent = append(c.sent, into[:n]...)
	return n, err
}

// clientIDs are the client ids of all requests: a request is its size, key, version, number and then the client id.
func (s *sniffer) clientIDs() (ids []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.conns {
		c.mu.Lock()
		for sent := c.sent; len(sent) > 14; {
			size := binary.BigEndian.Uint32(sent)
			length := binary.BigEndian.Uint16(sent[12:])
			ids = append(ids, string(sent[14:14+length]))
			sent = sent[min(int(4+size), len(sent)):]
		}
		c.mu.Unlock()
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// Each client says who it is in every request: its own client.id with the instance behind it.
func TestClientIDsOnTheWire(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := &sniffer{}
		cluster := kfake.MustCluster(kfake.NumBrokers(1), kfake.ListenFn(network.listen), kfake.SeedTopics(1, "events"))
		t.Cleanup(cluster.Close)
		s := mustSettings(t, "bootstrap.servers", "127.0.0.1:9092", "producer.client.id", "clientid", "consumer.client.id", "consumerid")
		dial := kgo.Dialer(network.DialContext)

		options, err := s.ProducerOptions("host-0", nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := writer(t, append(options, dial), 0).ProduceAll(soon(t), texts("one")); err != nil {
			t.Fatal(err)
		}
		options, err = s.ConsumerOptions("host-0", nil)
		if err != nil {
			t.Fatal(err)
		}
		consumer, err := kgo.NewClient(append(options, dial, kgo.ConsumeTopics("events"))...)
		if err != nil {
			t.Fatal(err)
		}
		defer consumer.Close()
		if got := consumer.PollFetches(soon(t)).NumRecords(); got != 1 {
			t.Errorf("%d records", got)
		}
		if got := network.clientIDs(); !slices.Equal(got, []string{"clientid-host-0", "consumerid-host-0"}) {
			t.Errorf("%q", got)
		}
	})
}
