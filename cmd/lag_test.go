package cmd_test

import (
	"context"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// lag is what Kafka says of a group, by partition.
func lag(client *kgo.Client, group string) (map[string]int64, error) {
	lags, err := kadm.NewClient(client).Lag(context.Background(), group)
	if err != nil {
		return nil, err
	}
	out := map[string]int64{}
	for _, l := range lags {
		for _, m := range l.Lag.Sorted() {
			out[m.Topic+":"+string(rune('0'+m.Partition))] = m.Lag
		}
	}
	return out, nil
}
