package kafka

import (
	"crypto/tls"
	"encoding/base64"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/sasl/oauth"

	"github.com/hibana-stream/hibana/messages"
)

// A certificate that does not serve is one sentence that names the setting: expired, for another host, by another authority,
// missing at the client, expired at the client.
func TestCertificatesThatFail(t *testing.T) {
	a, other := newAuthority(t), newAuthority(t)
	a.issue("broker", "127.0.0.1", time.Hour)
	a.issue("late", "127.0.0.1", -time.Hour)
	a.issue("elsewhere", "kafka.example", time.Hour)
	a.issue("client", "client", time.Hour)
	ca := []string{"security.protocol", "SSL", "ssl.ca.location", a.file("ca.pem")}
	with := func(more ...string) []string { return append(ca[:len(ca):len(ca)], more...) }
	mutual := a.server("broker")
	mutual.ClientAuth = tls.RequireAndVerifyClientCert
	older := mutual.Clone()
	older.MaxVersion = tls.VersionTLS12
	other.issue("client", "client", time.Hour)
	own := []string{"ssl.certificate.location", a.file("client.pem"), "ssl.key.location", a.file("client.key")}
	for name, p := range map[string]struct {
		server     *tls.Config
		properties []string
		want       string
	}{
		"good":                {a.server("broker"), ca, ""},
		"expired":             {a.server("late"), ca, "the broker's certificate is expired"},
		"another host":        {a.server("elsewhere"), ca, "ssl.endpoint.identification.algorithm"},
		"unchecked host":      {a.server("elsewhere"), with("ssl.endpoint.identification.algorithm", "none"), ""},
		"unchecked, expired":  {a.server("late"), with("ssl.endpoint.identification.algorithm", "none"), "the broker's certificate is expired"},
		"another authority":   {a.server("broker"), []string{"security.protocol", "SSL", "ssl.ca.location", other.file("ca.pem")}, "not in ssl.ca.location"},
		"mutual":              {mutual, with(own...), ""},
		"mutual, none shown":  {mutual, ca, "none is set; set ssl.certificate.location and ssl.key.location"},
		"the same before 1.3": {older, ca, "none is set; set ssl.certificate.location and ssl.key.location"},
		"mutual, not theirs": {mutual, with("ssl.certificate.location", other.file("client.pem"), "ssl.key.location", other.file("client.key")),
			"refused our certificate"},
	} {
		err := visit(t, guarded(t, kfake.TLS(p.server)), p.properties...)
		if p.want == "" && err == nil {
			continue
		}
		if err == nil || p.want == "" || !errors.Is(err, messages.ErrRefused) || !strings.Contains(err.Error(), p.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Files that cannot serve are found before the first connection, with setting and file.
func TestFilesThatCannotServe(t *testing.T) {
	a := newAuthority(t)
	a.issue("client", "client", time.Hour)
	a.issue("late", "client", -time.Hour)
	if err := os.WriteFile(a.file("text"), []byte("hello"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, p := range []struct {
		want       []string
		properties []string
	}{
		{[]string{"ssl.ca.location: ", "none.pem cannot be read"}, []string{"ssl.ca.location", a.file("none.pem")}},
		{[]string{"ssl.ca.location: ", "holds no PEM certificate"}, []string{"ssl.ca.location", a.file("text")}},
		{[]string{"ssl.certificate.location: ", "none.pem cannot be read"}, []string{"ssl.certificate.location", a.file("none.pem"), "ssl.key.location", a.file("client.key")}},
		{[]string{"ssl.key.location: ", "none.key cannot be read"}, []string{"ssl.certificate.location", a.file("client.pem"), "ssl.key.location", a.file("none.key")}},
		{[]string{"ssl.certificate.location: ", "late.key (ssl.key.location): "}, []string{"ssl.certificate.location", a.file("client.pem"), "ssl.key.location", a.file("late.key")}},
		{[]string{"ssl.certificate.location: ", "expired at"}, []string{"ssl.certificate.location", a.file("late.pem"), "ssl.key.location", a.file("late.key")}},
	} {
		_, err := mustSettings(t, append(p.properties, "bootstrap.servers", "a:1", "security.protocol", "SSL")...).ConsumerOptions("", nil)
		for _, want := range p.want {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%v: %v", p.properties, err)
			}
		}
	}
}

// A renewed client certificate is shown at the next handshake; while the renewal is half done, the old one is.
func TestRenewedCertificate(t *testing.T) {
	a := newAuthority(t)
	a.issue("client", "client", time.Hour)
	c := &certificate{file: a.file("client.pem"), key: a.file("client.key")}
	serial := func() string {
		t.Helper()
		shown, err := c.current(nil)
		if err != nil {
			t.Fatal(err)
		}
		return shown.Leaf.SerialNumber.String()
	}
	first := serial()
	a.issue("next", "client", time.Hour)
	move := func(ending string) {
		t.Helper()
		later := time.Now().Add(time.Minute)
		if err := errors.Join(os.Rename(a.file("next"+ending), a.file("client"+ending)), os.Chtimes(a.file("client"+ending), later, later)); err != nil {
			t.Fatal(err)
		}
	}
	if got := serial(); got != first {
		t.Error("changed without a reason")
	}
	move(".pem")
	if got := serial(); got != first {
		t.Error("a certificate without its key is shown")
	}
	move(".key")
	if got := serial(); got == first {
		t.Error("the renewed certificate is not shown")
	}
}

// The token is read from its file each time; a file without one is an error that names setting and file.
func TestTokenFile(t *testing.T) {
	file := t.TempDir() + "/token"
	read := tokenFrom(file)
	if _, err := read(t.Context()); err == nil || !strings.Contains(err.Error(), "sasl.oauthbearer.token.file: "+file+" cannot be read") {
		t.Errorf("%v", err)
	}
	for _, token := range []string{"one\n", "two"} {
		if err := os.WriteFile(file, []byte(token), 0o600); err != nil {
			t.Fatal(err)
		}
		if auth, err := read(t.Context()); err != nil || auth.Token != strings.TrimSpace(token) {
			t.Errorf("%v %v", auth, err)
		}
	}
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := read(t.Context()); err == nil || !strings.Contains(err.Error(), "is empty") {
		t.Errorf("%v", err)
	}
}

// A token that the broker refuses is one sentence with its reason and, for a JWT that says so, when it expired.
func TestTokenThatIsRefused(t *testing.T) {
	jwt := func(claims string) string {
		return "eyJhbGciOiJub25lIn0." + base64.RawURLEncoding.EncodeToString([]byte(claims)) + "."
	}
	file := t.TempDir() + "/token"
	for _, c := range []struct{ token, answer, want string }{
		{jwt(`{"sub":"secret-sub","exp":1700000000}`), `{"status":"invalid_token"}`, "joining: the broker refused the token, which expired at 2023-11-14T22:13:20Z (invalid_token); renew what is in sasl.oauthbearer.token.file"},
		{jwt(`{"sub":"secret-sub","exp":99999999999}`), `{"status":"invalid_token"}`, "joining: the broker refused the token (invalid_token); renew what is in sasl.oauthbearer.token.file"},
		{"secret-sub", `no`, `joining: the broker refused the token ("no"); renew what is in sasl.oauthbearer.token.file`},
	} {
		if err := os.WriteFile(file, []byte(c.token), 0o600); err != nil {
			t.Fatal(err)
		}
		session, _, err := tokenLogin{oauth.Oauth(tokenFrom(file))}.Authenticate(t.Context(), "host")
		if err != nil {
			t.Fatal(err)
		}
		if done, _, err := session.Challenge(nil); !done || err != nil {
			t.Errorf("a token that is accepted: %v %v", done, err)
		}
		_, _, err = session.Challenge([]byte(c.answer))
		if err = Explain(err, Subject{Doing: "joining"}); err == nil || err.Error() != c.want || !errors.Is(err, messages.ErrRefused) {
			t.Errorf("got  %v\nwant %s", err, c.want)
		}
	}
}
