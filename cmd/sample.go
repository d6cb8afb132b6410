package cmd

import (
	"context"
	"fmt"
	"time"

	"github.com/hibana-stream/hibana/messages"
)

// sample is the producer of the first ten minutes: a few events a second, only ever into the embedded broker.
type sample struct {
	cancel context.CancelFunc
	done   chan struct{}
}

// words are what the sample events say.
var words = []string{"spark", "ember", "flint", "tinder", "kindling", "blaze", "flame", "glow"}

// startSample publishes perSecond events a second to topic until stop.
func startSample(begin func(func(context.Context)), publish func(messages.Publish), topic string, perSecond float64) *sample {
	ctx, cancel := context.WithCancel(context.Background())
	s := &sample{cancel: cancel, done: make(chan struct{})}
	begin(func(stream context.Context) {
		defer close(s.done)
		ticker := time.NewTicker(time.Duration(float64(time.Second) / perSecond))
		defer ticker.Stop()
		for n := 1; ; n++ {
			select {
			case <-stream.Done():
				return
			case <-ctx.Done():
				return
			case <-ticker.C:
				word := words[n%len(words)]
				publish(messages.Publish{Topic: topic, Key: word, HasKey: true, Event: messages.NewRichEvent(fmt.Sprintf("%s %d", word, n))})
			}
		}
	})
	return s
}

func (s *sample) stop() { s.cancel() }
