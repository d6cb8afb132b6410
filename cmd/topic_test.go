package cmd_test

import (
	"context"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/hibana-stream/hibana/actors/kafka"
)

func createTopic(t testing.TB, brokers, topic string, partitions int) {
	t.Helper()
	admin, err := kafka.NewAdmin([]kgo.Opt{kgo.SeedBrokers(brokers)}, patience)
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	if _, err := admin.CreateTopic(context.Background(), kafka.NewTopic{Name: topic, Partitions: partitions}); err != nil {
		t.Fatal(err)
	}
}
