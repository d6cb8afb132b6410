package kafka

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl"
)

// lastConnection remembers how the last attempt to connect went. The client tries again for ever and tells nobody why it has
// to; so that the reason stands in the error of what was waiting.
type lastConnection struct{ err atomic.Pointer[error] }

// OnBrokerConnect is called by the client after each attempt, login included.
func (l *lastConnection) OnBrokerConnect(_ kgo.BrokerMetadata, _ time.Duration, _ net.Conn, err error) {
	l.err.Store(&err)
}

// failed is the error of the last attempt, nil after a success.
func (l *lastConnection) failed() error {
	if err := l.err.Load(); err != nil {
		return *err
	}
	return nil
}

// explainConnection is Explain for an error of connecting: it knows what the client was about to do, where the error itself says
// only that the other side hung up, or did not answer.
func explainConnection(client *kgo.Client, err error, about Subject) error {
	mechanisms, _ := client.OptValue(kgo.SASL).([]sasl.Mechanism)
	encryption, _ := client.OptValue(kgo.DialTLSConfig).(*tls.Config)
	var first *kgo.ErrFirstReadEOF
	var timeout net.Error
	switch {
	case encryption != nil && encryption.GetClientCertificate == nil && wantsCertificate(err):
		return refuse(err, "%s: the broker wants a client's certificate (%s), and none is set; "+
			"set ssl.certificate.location and ssl.key.location", about, alertText(err))
	case errors.As(err, &first):
		return refuse(err, "%v", Explain(err, about))
	case len(mechanisms) > 0 && errors.Is(err, io.EOF):
		return refuse(err, "%s: the broker closed the connection at the login; check sasl.username, sasl.password and sasl.mechanism", about)
	case encryption != nil && errors.As(err, &timeout) && timeout.Timeout():
		return outOfReach(err, "%s: no answer in time; either nobody is there, or security.protocol is not the one of this port", about)
	}
	if said := Explain(err, about); isExplained(said) {
		return said
	}
	return outOfReach(err, "%s: %v", about, err)
}
