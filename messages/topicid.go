package messages

import (
	"encoding/base64"
	"fmt"
)

// TopicID tells a topic from an earlier one of the same name that was deleted: the cluster gives each one of its own. The zero value says
// that it is not known: brokers before Kafka 2.8 give none.
type TopicID [16]byte

// Known tells whether it is one.
func (id TopicID) Known() bool { return id != TopicID{} }

// Differs tells whether both are known, and belong to two topics.
func (id TopicID) Differs(other TopicID) bool { return id.Known() && other.Known() && id != other }

// String is the form that Kafka's own tools print; "unknown" for none.
func (id TopicID) String() string {
	if !id.Known() {
		return "unknown"
	}
	return base64.RawURLEncoding.EncodeToString(id[:])
}

// MarshalText is String, or nothing when it is not known.
func (id TopicID) MarshalText() ([]byte, error) {
	if !id.Known() {
		return nil, nil
	}
	return []byte(id.String()), nil
}

// UnmarshalText reads what MarshalText wrote.
func (id *TopicID) UnmarshalText(text []byte) error {
	*id = TopicID{}
	if len(text) == 0 {
		return nil
	}
	// Strict: of two texts that mean one id, one is no text of ours.
	if n, err := base64.RawURLEncoding.Strict().Decode(make([]byte, base64.RawURLEncoding.DecodedLen(len(text))), text); err != nil || n != len(id) {
		return fmt.Errorf("%q is no id of a topic: 22 characters of URL-safe base64", text)
	}
	_, err := base64.RawURLEncoding.Decode(id[:], text)
	return err
}
