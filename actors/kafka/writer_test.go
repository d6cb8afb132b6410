package kafka

import (
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/hibana-stream/hibana/actors"
)

var _ actors.Writer = (*Writer)(nil)

func writer(t *testing.T, options []kgo.Opt, unacknowledged int) *Writer {
	t.Helper()
	w, err := NewWriter(options, unacknowledged, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Close(t.Context()) })
	return w
}
