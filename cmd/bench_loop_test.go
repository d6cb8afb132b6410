package cmd_test

import (
	"context"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// poll gives all records of the topic to each, one fetch after the other: what a program without an engine does.
func (b bench) poll(each func(kgo.Fetches)) int {
	client, err := kgo.NewClient(kgo.SeedBrokers(b.Brokers), kgo.ConsumeTopics(b.Topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	if err != nil {
		panic(err)
	}
	defer client.Close()
	n := 0
	for n < b.Records {
		fetches := client.PollFetches(context.Background())
		each(fetches)
		n += fetches.NumRecords()
		measured.passed(n)
	}
	return n
}

// loopCount looks at nothing.
func loopCount(b bench) int { return b.poll(func(kgo.Fetches) {}) }

// loopRunningCount counts the records of each key in one map, for ever. It decodes nothing, and saves nothing.
func loopRunningCount(b bench) int {
	counts := map[string]*int64{} // a pointer: counts[string(key)]++ would copy the key of every record
	b.poll(func(f kgo.Fetches) {
		f.EachRecord(func(r *kgo.Record) {
			if n := counts[string(r.Key)]; n != nil {
				*n++
				return
			}
			one := int64(1)
			counts[string(r.Key)] = &one
		})
	})
	var sum int64
	for _, n := range counts {
		sum += *n
	}
	return int(sum)
}

// loopWordCount counts the words of each second in a map.
func loopWordCount(b bench) int {
	counts, second, words := map[string]*int64{}, time.Now(), int64(0)
	end := func() {
		for _, n := range counts {
			words += *n
		}
		clear(counts)
		second = time.Now()
	}
	b.poll(func(f kgo.Fetches) {
		f.EachRecord(func(r *kgo.Record) {
			content := strings.TrimSuffix(strings.TrimPrefix(string(r.Value), `{"content":"`), `"}`)
			for _, word := range strings.Fields(content) {
				if n := counts[word]; n != nil {
					*n++
					continue
				}
				one := int64(1)
				counts[word] = &one
			}
		})
		if time.Since(second) >= benchInterval {
			end()
		}
	})
	end()
	return int(words / benchPerEvent)
}
