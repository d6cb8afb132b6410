package kafka

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/twmb/franz-go/pkg/sasl"
	"github.com/twmb/franz-go/pkg/sasl/oauth"
	"github.com/twmb/franz-go/pkg/sasl/plain"
	"github.com/twmb/franz-go/pkg/sasl/scram"
)

// mechanism is how the client proves who it is; the checks have seen to it that what it needs is set.
func (v view) mechanism() sasl.Mechanism {
	user, password := v.text("sasl.username"), v.secret("sasl.password")
	switch v.text("sasl.mechanism") {
	case mechanism256:
		return scram.Auth{User: user, Pass: password}.AsSha256Mechanism()
	case mechanism512:
		return scram.Auth{User: user, Pass: password}.AsSha512Mechanism()
	case mechanismToken:
		return oauth.Oauth(tokenFrom(v.text("sasl.oauthbearer.token.file")))
	}
	return plain.Auth{User: user, Pass: password}.AsMechanism()
}

// tokenFrom reads the file at every authentication: tokens live for minutes, and whoever renews one replaces the file.
func tokenFrom(file string) func(context.Context) (oauth.Auth, error) {
	return func(context.Context) (oauth.Auth, error) {
		token, err := os.ReadFile(file)
		if err != nil {
			return oauth.Auth{}, unreadable("sasl.oauthbearer.token.file", err)
		}
		auth := oauth.Auth{Token: strings.TrimSpace(string(token))}
		if auth.Token == "" {
			return oauth.Auth{}, &PropertyError{Property: "sasl.oauthbearer.token.file", Value: file, Reason: fmt.Sprintf("%s is empty", file)}
		}
		return auth, nil
	}
}

// unreadable names the setting whose file cannot be read; an fs.PathError names the file.
func unreadable(setting string, err error) error {
	var reason *os.PathError
	if errors.As(err, &reason) {
		err = fmt.Errorf("%s cannot be read: %w", reason.Path, reason.Err)
	}
	return &fileError{setting: setting, err: err}
}

// fileError is a setting that names a file which does not serve.
type fileError struct {
	setting string
	err     error
}

// Error is the setting and what is wrong with its file.
func (e *fileError) Error() string { return e.setting + ": " + e.err.Error() }

// Unwrap is what is wrong with the file.
func (e *fileError) Unwrap() error { return e.err }
