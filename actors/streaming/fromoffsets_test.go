package streaming_test

import (
	"strings"
	"testing"
	"time"

	"github.com/hibana-stream/hibana/actors/streaming"
	"github.com/hibana-stream/hibana/actors/streaming/streamingtest"
	"github.com/hibana-stream/hibana/messages"
)

func at0(topic string, partition int32) messages.TopicPartition {
	return messages.TopicPartition{Topic: topic, Partition: partition}
}

func TestAStartOffsetLeavesOutWhatComesBeforeIt(t *testing.T) {
	k := streamingtest.New(t, time.Second)
	topic := streamingtest.Topic(k, "events", 2)
	k.Context().FromOffsets(map[messages.TopicPartition]int64{at0("events", 1): 2})
	values := streamingtest.Collect(streaming.Map(streaming.DirectStream(k.Context(), streaming.String, streaming.String),
		func(r messages.Record[string, string]) string { return r.Value() }))
	for _, v := range []string{"a", "b", "c"} {
		topic.FeedTo(0, "", v)
		topic.FeedTo(1, "", strings.ToUpper(v))
	}
	k.Tick()
	k.Restart(t)
	topic.FeedTo(1, "", "D")
	k.Tick()
	want(t, k.Err(), error(nil))
	same(t, values.Batches(), [][]string{{"a", "b", "c", "C"}, {"D"}})
}

func TestMistakesInStartOffsets(t *testing.T) {
	for text, offsets := range map[string]map[messages.TopicPartition]int64{
		`fromOffsets at fromoffsets_test.go:%: there is a start offset for orders:0, but the job does not read the topic "orders"`:     {at0("orders", 0): 1},
		`fromOffsets at fromoffsets_test.go:%: there is a start offset for events:2, but the topic "events" has the partitions 0 to 1`: {at0("events", 2): 1},
		"fromOffsets at fromoffsets_test.go:%: the start offset -1 of events:0 is negative":                                            {at0("events", 0): -1},
		"given start offset 9 of events:0 is behind the log's end 0":                                                                   {at0("events", 0): 9},
	} {
		k := streamingtest.New(t, time.Second)
		streamingtest.Topic(k, "events", 2)
		streaming.Events(k.Context()).Print()
		k.Context().FromOffsets(offsets)
		k.Tick()
		if k.Err() == nil || !matches(k.Err().Error(), text) {
			t.Errorf("got %v, want %s", k.Err(), text)
		}
	}
}
