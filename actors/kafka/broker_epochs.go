package kafka

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// answerLeaderEpochs answers every question for the end of a leader epoch with the end of the log. kfake's own answer is
// "unknown" (-1) for an epoch in which nothing was written, such as the one after a restart; a client takes that for lost
// data and reads everything again. The embedded broker has one replica, so that no log ever diverges.
func answerLeaderEpochs(cluster *kfake.Cluster) {
	cluster.ControlKey(int16(kmsg.OffsetForLeaderEpoch), func(request kmsg.Request) (kmsg.Response, error, bool) {
		cluster.KeepControl()
		asked := request.(*kmsg.OffsetForLeaderEpochRequest)
		answer := asked.ResponseKind().(*kmsg.OffsetForLeaderEpochResponse)
		for _, topic := range asked.Topics {
			answer.Topics = append(answer.Topics, leaderEpochs(cluster, topic))
		}
		return answer, nil, true
	})
}

func leaderEpochs(cluster *kfake.Cluster, asked kmsg.OffsetForLeaderEpochRequestTopic) kmsg.OffsetForLeaderEpochResponseTopic {
	answer := kmsg.NewOffsetForLeaderEpochResponseTopic()
	answer.Topic = asked.Topic
	for _, p := range asked.Partitions {
		at := kmsg.NewOffsetForLeaderEpochResponseTopicPartition()
		at.Partition = p.Partition
		if info := cluster.PartitionInfo(asked.Topic, p.Partition); info == nil {
			at.ErrorCode = kerr.UnknownTopicOrPartition.Code
		} else {
			at.LeaderEpoch, at.EndOffset = p.LeaderEpoch, info.HighWatermark
		}
		answer.Partitions = append(answer.Partitions, at)
	}
	return answer
}

// brokerLog hands kfake's warnings and errors to a slog.Logger; what is below would tell of every request.
type brokerLog struct{ log *slog.Logger }

// Logf writes one line.
func (l brokerLog) Logf(level kfake.LogLevel, format string, values ...any) {
	at := slog.LevelWarn
	switch level {
	case kfake.LogLevelError:
		at = slog.LevelError
	case kfake.LogLevelWarn:
	default:
		at = slog.LevelDebug
	}
	if l.log.Enabled(context.Background(), at) {
		l.log.Log(context.Background(), at, "embedded broker: "+fmt.Sprintf(format, values...))
	}
}
