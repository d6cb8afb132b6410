package kafka

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/sasl"
	"github.com/twmb/franz-go/pkg/sasl/oauth"
)

const tokenFile = "sasl.oauthbearer.token.file"

// tokenFrom reads the file at every authentication: tokens live for minutes, and whoever renews one replaces the file.
func tokenFrom(file string) func(context.Context) (oauth.Auth, error) {
	return func(context.Context) (oauth.Auth, error) {
		token, err := os.ReadFile(file)
		if err != nil {
			return oauth.Auth{}, unreadable(tokenFile, err)
		}
		auth := oauth.Auth{Token: strings.TrimSpace(string(token))}
		if auth.Token == "" {
			return oauth.Auth{}, &FileError{Setting: tokenFile, Err: fmt.Errorf("%s is empty", file)}
		}
		return auth, nil
	}
}

// tokenLogin is OAUTHBEARER with the broker's reason kept: the client itself only sees that there is an answer where none belongs.
type tokenLogin struct{ sasl.Mechanism }

// Authenticate begins a login.
func (t tokenLogin) Authenticate(ctx context.Context, host string) (sasl.Session, []byte, error) {
	session, first, err := t.Mechanism.Authenticate(ctx, host)
	if err != nil {
		return nil, nil, err
	}
	return tokenSession{session, expiry(first)}, first, nil
}

type tokenSession struct {
	sasl.Session
	expires time.Time // zero: the token does not say
}

// Challenge takes the broker's answer, which is empty unless it refuses the token.
func (s tokenSession) Challenge(answer []byte) (bool, []byte, error) {
	if len(answer) == 0 {
		return s.Session.Challenge(answer)
	}
	return false, nil, &tokenRefused{reason: string(answer), expires: s.expires}
}

// tokenRefused is a broker's no to a token.
type tokenRefused struct {
	reason  string // RFC 7628's JSON: {"status":"invalid_token"}
	expires time.Time
}

// Error says why, as far as it is known. It does not hold the token.
func (e *tokenRefused) Error() string {
	var answer struct{ Status string }
	if json.Unmarshal([]byte(e.reason), &answer) != nil || answer.Status == "" {
		answer.Status = fmt.Sprintf("%.100q", e.reason)
	}
	if !e.expires.IsZero() && e.expires.Before(time.Now()) {
		return fmt.Sprintf("the broker refused the token, which expired at %s (%s)", e.expires.UTC().Format(time.RFC3339), answer.Status)
	}
	return fmt.Sprintf("the broker refused the token (%s)", answer.Status)
}

// expiry is the exp of the JWT in a client's first message; zero when the token is none, or says nothing.
func expiry(first []byte) time.Time {
	_, token, _ := strings.Cut(string(first), "Bearer ")
	parts := strings.Split(token, ".")
	if len(parts) < 2 {
		return time.Time{}
	}
	var claims struct{ Exp float64 }
	body, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(parts[1], "="))
	if err != nil || json.Unmarshal(body, &claims) != nil || claims.Exp <= 0 {
		return time.Time{}
	}
	return time.Unix(int64(claims.Exp), 0)
}
