package kafka

import "github.com/twmb/franz-go/pkg/kgo"

// Opt is a client's option. Packages that pass options on, without making any, name them by it.
type Opt = kgo.Opt
