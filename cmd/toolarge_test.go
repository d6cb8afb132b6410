package cmd_test

import (
	"strings"
	"testing"

	"github.com/hibana-stream/hibana/actors/streaming"
	"github.com/hibana-stream/hibana/cmd"
	"github.com/hibana-stream/hibana/messages"
)

// A job's output is larger than its topic takes: the program ends with the topic, the size and the limit, and has committed nothing of
// the batch. When the job has been mended, nothing is lost, and with exactly-once nothing is there twice.
func TestKafkaAnOutputThatIsTooLarge(t *testing.T) {
	for _, delivery := range []string{"at-least-once", "exactly-once"} {
		t.Run(delivery, func(t *testing.T) {
			t.Parallel()
			g := newGround(t, 1, nil)
			out := g.topic + "-out"
			g.create(out, 1, map[string]string{"max.message.bytes": "2000"})
			g.writeEvents(0, 20, 1)
			job := func(size int) cmd.Job {
				return func(s *streaming.Context) error {
					streaming.MapToPair(streaming.Events(s), func(e messages.RichEvent) (string, string) {
						if e.Content() == id(15) {
							return strings.Repeat("k", size), e.Content()
						}
						return e.Content(), e.Content()
					}).ToKafka(out, streaming.EncodeString, streaming.EncodeString)
					return nil
				}
			}
			args := g.args("-X", "delivery="+delivery, "-X", "failure.retries=2")
			startJob(t, job(5000), args...).ended(t, cmd.ExitFailed, out, "max.message.bytes, which is 2000")
			if at := g.committed(0); at > 0 {
				t.Errorf("%d is committed", at)
			}
			startJob(t, job(5), args...).ended(t, cmd.ExitOK)
			if delivery == "exactly-once" {
				g.eachOnce(out, 20)
			} else if seen := g.copies(out, 20); len(seen) != 20 {
				t.Errorf("%d of 20 are there", len(seen))
			}
		})
	}
}
