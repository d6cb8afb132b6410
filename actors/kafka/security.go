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
		return tokenLogin{oauth.Oauth(tokenFrom(v.text(tokenFile)))}
	}
	return plain.Auth{User: user, Pass: password}.AsMechanism()
}

// unreadable names the setting whose file cannot be read; an fs.PathError names the file.
func unreadable(setting string, err error) error {
	var reason *os.PathError
	if errors.As(err, &reason) {
		err = fmt.Errorf("%s cannot be read: %w", reason.Path, reason.Err)
	}
	return &FileError{Setting: setting, Err: err}
}

// FileError is a property that names a file which does not serve.
type FileError struct {
	// Setting is the property's name.
	Setting string
	// Err is what is wrong, with the file's path.
	Err error
}

// Error is the setting and what is wrong with its file.
func (e *FileError) Error() string { return e.Setting + ": " + e.Err.Error() }

// Unwrap is what is wrong with the file.
func (e *FileError) Unwrap() error { return e.Err }

// CheckFiles reads the certificates, keys and tokens that the properties name. The error is a *FileError.
func (s *Settings) CheckFiles() error {
	for _, v := range []view{s.consumer, s.producer} {
		if strings.HasSuffix(v.text("security.protocol"), "SSL") {
			if _, err := v.tls(); err != nil {
				return err
			}
		}
		if v.text("sasl.mechanism") == mechanismToken {
			if _, err := tokenFrom(v.text(tokenFile))(context.Background()); err != nil {
				return err
			}
		}
	}
	return nil
}
