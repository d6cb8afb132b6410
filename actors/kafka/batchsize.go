package kafka

import (
	"math"

	"github.com/twmb/franz-go/pkg/kgo"
)

// BatchSizes is a producer's option behind ProducerOptions: topics with a limit of their own (max.message.bytes) get batches of that
// size, so that no batch is refused whose records would all fit, and every other topic has batch.size. Dead letters need it: a record
// that was read is written again, however large it is, when its topic takes it.
func (s *Settings) BatchSizes(topics map[string]int64) Opt {
	standard := int32(s.producer.number("batch.size"))
	return kgo.ProducerBatchMaxBytesFn(func(topic string) int32 {
		if n, ok := topics[topic]; ok {
			return int32(min(max(n, 512), math.MaxInt32/2))
		}
		return standard
	})
}
