package kafka

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
	"sync"
	"time"
)

// tls is the configuration of encrypted connections. Files are read here once, so that what is wrong with them is known
// before the first connection.
func (v view) tls() (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if file := v.text("ssl.ca.location"); file != "" {
		pool, err := authorities(file)
		if err != nil {
			return nil, unreadable("ssl.ca.location", err)
		}
		config.RootCAs = pool
	}
	if file := v.text("ssl.certificate.location"); file != "" {
		c := &certificate{file: file, key: v.text("ssl.key.location")}
		if _, err := c.current(nil); err != nil {
			return nil, err
		}
		config.GetClientCertificate = c.current
	}
	if v.text("ssl.endpoint.identification.algorithm") == "none" {
		ignoreHost(config)
	}
	return config, nil
}

func authorities(file string) (*x509.CertPool, error) {
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s holds no PEM certificate", file)
	}
	return pool, nil
}

// ignoreHost checks certificates as before, but not that they are for the host that was dialled. crypto/tls can only leave
// out both, so that the check of the certificate itself is made here.
func ignoreHost(config *tls.Config) {
	roots := config.RootCAs
	config.InsecureSkipVerify = true
	config.VerifyConnection = func(state tls.ConnectionState) error {
		options := x509.VerifyOptions{Roots: roots, Intermediates: x509.NewCertPool()}
		for _, c := range state.PeerCertificates[1:] {
			options.Intermediates.AddCert(c)
		}
		if _, err := state.PeerCertificates[0].Verify(options); err != nil {
			return &tls.CertificateVerificationError{UnverifiedCertificates: state.PeerCertificates, Err: err}
		}
		return nil
	}
}

// certificate is the client's certificate, read again when one of its files has changed.
type certificate struct {
	file, key string

	mu     sync.Mutex
	read   [2]time.Time
	loaded *tls.Certificate
}

// current is asked for at every handshake. While a renewed pair cannot be read, perhaps because only one of the two files has
// been replaced yet, the one before stays in use.
func (c *certificate) current(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	changed, err := c.changed()
	if err == nil && c.loaded != nil && changed == c.read {
		return c.loaded, nil
	}
	if err == nil {
		err = c.load(changed)
	}
	if c.loaded == nil {
		return nil, err
	}
	return c.loaded, nil
}

func (c *certificate) changed() (times [2]time.Time, err error) {
	for i, setting := range []string{"ssl.certificate.location", "ssl.key.location"} {
		info, err := os.Stat([]string{c.file, c.key}[i])
		if err != nil {
			return times, unreadable(setting, err)
		}
		times[i] = info.ModTime()
	}
	return times, nil
}

func (c *certificate) load(changed [2]time.Time) error {
	pair, err := tls.LoadX509KeyPair(c.file, c.key)
	if err != nil {
		return &FileError{Setting: "ssl.certificate.location", Err: fmt.Errorf("%s, with %s (ssl.key.location): %w", c.file, c.key, err)}
	}
	if leaf := pair.Leaf; leaf != nil && time.Now().After(leaf.NotAfter) {
		expired := fmt.Errorf("the certificate in %s expired at %s", c.file, leaf.NotAfter.UTC().Format(time.RFC3339))
		return &FileError{Setting: "ssl.certificate.location", Err: expired}
	}
	c.loaded, c.read = &pair, changed
	return nil
}
