//go:build synctests

package actors_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/hibana-stream/hibana/actors"
	"github.com/hibana-stream/hibana/actors/kafka"
	"github.com/hibana-stream/hibana/actors/streaming"
	"github.com/hibana-stream/hibana/messages"
)

// numbering is a member of a job that numbers the events of each key, exactly once.
type numbering struct {
	*actors.System // when it has started
	t              *testing.T
	weather        *weather
	name           string
	source         *kafka.Source
	stream         *streaming.Context
	transactions   *kafka.Transactions
	ledger         memoryLedger
	out            bytes.Buffer
}

func (w *weather) join(t *testing.T, name string) *numbering {
	t.Helper()
	n := &numbering{t: t, weather: w, name: name}
	n.stream = streaming.NewContext(200*time.Millisecond, streaming.WithTopics("events"), streaming.WithEngine(n), streaming.WithStateByPartition())
	keyed := streaming.MapToPair(streaming.DirectStream(n.stream, streaming.String, streaming.String), func(r messages.Record[string, string]) (string, string) {
		return r.Key(), r.Value()
	})
	counted := streaming.MapWithState(keyed, "numbers", streaming.StateSpec[string, string, int, streaming.Pair[string, string]]{
		Function: func(_ time.Time, key string, id streaming.Option[string], state *streaming.KeyState[int]) streaming.Option[streaming.Pair[string, string]] {
			before, _ := state.Option().Get()
			state.Update(before + 1)
			content, _ := id.Get()
			return streaming.Some(streaming.Pair[string, string]{Key: key, Value: fmt.Sprintf("%s %d", content, before+1)})
		},
	})
	streaming.PairStream[string, string]{Stream: counted.Stream}.ToKafka("out", streaming.EncodeString, streaming.EncodeString)
	if err := n.stream.Start(); err != nil {
		t.Fatal(err)
	}
	return n
}

// Start composes the member of the program, as cmd does.
func (n *numbering) Start(p *streaming.Program) (err error) {
	log := slog.New(slog.DiscardHandler)
	n.source, err = kafka.NewSource(kafka.SourceConfig{
		Client: n.weather.rough(), Group: "g", InstanceID: n.name, Topics: []string{"events"}, ReadCommitted: true, Log: log,
		SessionTimeout: 6 * time.Second, RebalanceTimeout: 12 * time.Second, HeartbeatInterval: 500 * time.Millisecond, Drain: true,
		Prepare: func(ctx context.Context) error { return n.transactions.Open(ctx) },
	})
	if err != nil {
		return err
	}
	changelog := kafka.NewChangelog(kafka.ChangelogConfig{
		Client: n.weather.rough(), Group: "g", Topics: []string{"events"}, Shapes: p.Shapes(), Source: n.source, Log: log,
		Check: func([]messages.Shape) error { return nil },
	})
	n.transactions, err = kafka.NewTransactions(kafka.TransactionsConfig{
		Client: n.weather.rough(), ID: "g-" + n.name, Timeout: 5 * time.Second, Source: n.source, Changelog: changelog, Log: log,
	})
	if err != nil {
		return err
	}
	writer, err := kafka.NewWriter(n.weather.clear(), 0, log)
	if err != nil {
		return err
	}
	n.System = actors.NewSystem(actors.Settings{
		Instance: n.name, Group: "g", Context: n.stream, Source: n.source, Writer: writer, Produce: n.transactions.ProduceAll,
		Delivery: actors.ExactlyOnce{Transactions: n.transactions}, Changelog: changelog, Ledger: &n.ledger, Memory: 64 << 20, Stdout: &n.out,
		Failure: actors.Failure{Retries: 1000, Backoff: 200 * time.Millisecond},
		Log:     zerolog.New(zerolog.NewTestWriter(n.t)).Level(zerolog.ErrorLevel),
		Close: func() error {
			n.source.Stop(true)
			n.transactions.Close(n.t.Context())
			return writer.Close(n.t.Context())
		},
	})
	n.source.Start()
	return n.System.Start(p)
}

// weatherSeeds is how many seeds are run: HIBANA_TEST_WEATHER asks for more.
func weatherSeeds() (first, n uint64) {
	if many, err := strconv.ParseUint(os.Getenv("HIBANA_TEST_WEATHER"), 10, 64); err == nil {
		return 1000, many
	}
	return 1, 3
}

// Two members number events by key exactly once, come and go, and the brokers answer every kind of request badly now and then: each event is
// written once, with its key's next number.
func TestBadAnswersLoseAndRepeatNothing(t *testing.T) {
	first, n := weatherSeeds()
	for seed := first; seed < first+n; seed++ {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				for _, wrong := range runWeather(t, seed, false) {
					t.Error(wrong)
				}
			})
		})
	}
}

// The control arm: acknowledged writes of one transaction that the brokers have lost have to be found.
func TestALostWriteIsFound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		if wrong := runWeather(t, 1, true); len(wrong) == 0 {
			t.Error("a write was lost, and nobody has noticed")
		}
	})
}

// runWeather says what is wrong at the end.
func runWeather(t *testing.T, seed uint64, lies bool) (wrong []string) {
	w := newWeather(seed, 0.02+0.02*float64(seed%5), "events", "g-events-changelog", "out")
	defer w.cluster.Close()
	client, err := kgo.NewClient(w.clear()...)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	w.bad.Store(true)
	written, members := 0, map[string]*numbering{}
	leave := func(name string) {
		stream := members[name].stream
		if err := errors.Join(stream.Stop(true), stream.AwaitTermination()); err != nil {
			wrong = append(wrong, fmt.Sprintf("%s ended with %v", name, err))
		}
		delete(members, name)
	}
	for range 15 {
		switch name := fmt.Sprint("m", w.roll(2)); {
		case len(members) == 0 || members[name] == nil:
			members[name] = w.join(t, name)
		case w.roll(3) == 0 && len(members) > 1:
			leave(name)
		case w.roll(2) == 0:
			w.shift()
		}
		w.bad.Store(false)
		written = publishKeyed(t, client, written, 40)
		w.bad.Store(true)
		<-time.After(time.Duration(500+w.roll(4000)) * time.Millisecond)
	}
	w.bad.Store(false)
	<-time.After(time.Minute)
	if lies { // in good weather: what is lost is not written again for another reason
		w.lies.Store(true)
		written = publishKeyed(t, client, written, 40)
		<-time.After(time.Minute)
	}
	for name := range members {
		leave(name)
	}
	t.Logf("%d events, %d bad answers", written, w.hits.Load())
	records, err := w.committed(t.Context(), "out")
	if err != nil {
		t.Fatal(err)
	}
	<-time.After(time.Second) // protoactor's throttle of dead letters
	return append(wrong, misnumbered(records, written)...)
}

const weatherKeys = 20

func publishKeyed(t *testing.T, client *kgo.Client, written, n int) int {
	t.Helper()
	var records []*kgo.Record
	for range n {
		records = append(records, &kgo.Record{Topic: "events", Key: fmt.Append(nil, "k", written%weatherKeys), Value: fmt.Append(nil, written)})
		written++
	}
	if err := client.ProduceSync(t.Context(), records...).FirstErr(); err != nil {
		t.Fatal(err)
	}
	return written
}

// misnumbered says what is not as a model would have written it.
func misnumbered(records []*kgo.Record, written int) (wrong []string) {
	last := map[string]int{}
	for _, r := range records {
		var id, number int
		_, _ = fmt.Sscanf(string(r.Value), "%d %d", &id, &number)
		key := string(r.Key)
		if want := id/weatherKeys + 1; number != want || last[key] != number-1 {
			wrong = append(wrong, fmt.Sprintf("key %s: event %d has number %d, behind %d", key, id, number, last[key]))
		}
		last[key] = number
	}
	if len(records) != written {
		wrong = append(wrong, fmt.Sprintf("%d records for %d events", len(records), written))
	}
	return wrong[:min(len(wrong), 10)]
}
