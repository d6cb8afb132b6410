package kafka

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"
)

// values of one property: what is accepted, and how it arrives; and what is not.
type values struct {
	good map[string]any
	bad  []string
}

var propertyValues = map[string]values{
	"bootstrap.servers": {
		good: map[string]any{
			"kafkabroker:9092": []string{"kafkabroker:9092"}, "a:1, b:2,c": []string{"a:1", "b:2", "c"},
			"[::1]:9092": []string{"[::1]:9092"}, "[::1]": []string{"[::1]"}, "embedded": []string{"embedded"},
		},
		bad: []string{"", ",", "a:1,,b:2", "http://a:1", "a:b", "a:0", "a:70000", ":9092", "a b:1", "a:1:2", "[0", "0]", "[]", "[[::1]]:1", "a[0]:1"},
	},
	"client.id":                             {good: map[string]any{"clientid": "clientid", " x ": "x", "": ""}},
	"client.rack":                           {good: map[string]any{"eu-1a": "eu-1a"}},
	"group.id":                              {good: map[string]any{"mygroup": "mygroup"}},
	"group.instance.id":                     {good: map[string]any{"one": "one"}},
	"request.timeout.ms":                    durations("30000", 30*time.Second, "99", "1h"),
	"retry.backoff.ms":                      durations("100", 100*time.Millisecond, "0", "1h"),
	"retry.backoff.max.ms":                  durations("1000", time.Second, "0", "1h"),
	"metadata.max.age.ms":                   durations("300000", 5*time.Minute, "9", "2h"),
	"allow.auto.create.topics":              booleans,
	"enable.auto.commit":                    booleans,
	"enable.idempotence":                    booleans,
	"auto.commit.interval.ms":               durations("10000", 10*time.Second, "-1", "600h"),
	"session.timeout.ms":                    durations("45000", 45*time.Second, "99", "600h"),
	"heartbeat.interval.ms":                 durations("3s", 3*time.Second, "9", "600h"),
	"max.poll.interval.ms":                  durations("5m", 5*time.Minute, "99", "600h"),
	"fetch.max.wait.ms":                     durations("500", 500*time.Millisecond, "9", "1h"),
	"linger.ms":                             durations("0", time.Duration(0), "-1", "2m"),
	"delivery.timeout.ms":                   durations("120000", 2*time.Minute, "999", "600h"),
	"transaction.timeout.ms":                durations("60000", time.Minute, "999", "16m"),
	"fetch.min.bytes":                       sizes("0", "2GiB"),
	"fetch.max.bytes":                       sizes("0", "101MiB"),
	"max.partition.fetch.bytes":             sizes("0", "101MiB"),
	"batch.size":                            sizes("511", "65MiB"),
	"buffer.memory":                         sizes("65535", "2048GiB"),
	"retries":                               {good: map[string]any{"0": int64(0), "2147483647": int64(2147483647)}, bad: []string{"", "-1", "2147483648", "many", "1.5"}},
	"max.in.flight.requests.per.connection": {good: map[string]any{"1": int64(1), "5": int64(5)}, bad: []string{"0", "1001", "x"}},
	"auto.offset.reset": {
		good: map[string]any{
			"smallest": "earliest", "earliest": "earliest", "greatest": "latest", "largest": "latest", "latest": "latest",
			"none": "none", "Latest": "latest",
		},
		bad: []string{"", "anything", "0", "beginning"},
	},
	"acks": {
		good: map[string]any{
			"0": acknowledgement{}, "1": acknowledgement{acks: 1}, "-1": acknowledgement{acks: -1}, "all": acknowledgement{acks: -1},
			"ALL": acknowledgement{acks: -1}, "3": acknowledgement{acks: -1, minISR: 3},
		},
		bad: []string{"", "-2", "some", "40000", "1.0"},
	},
	"compression.type": {
		good: map[string]any{"none": "none", "gzip": "gzip", "snappy": "snappy", "lz4": "lz4", "zstd": "zstd", "ZSTD": "zstd"},
		bad:  []string{"", "zip"},
	},
	"isolation.level": {
		good: map[string]any{"read_committed": "read_committed", "read_uncommitted": "read_uncommitted"},
		bad:  []string{"", "serializable"},
	},
	"key.serializer":     classes("org.apache.kafka.common.serialization.StringSerializer", "string"),
	"value.serializer":   classes("io.github.rvvincelli.blogpost.kafkaspark.RichEventSerializer", "richevent"),
	"key.deserializer":   classes("org.apache.kafka.common.serialization.ByteArrayDeserializer", "bytes"),
	"value.deserializer": classes("io.github.rvvincelli.blogpost.kafkaspark.RichEventDeserializer", "richevent"),
	"security.protocol": {
		good: map[string]any{"PLAINTEXT": "PLAINTEXT", "ssl": "SSL"},
		bad:  []string{"", "TLS", "HTTPS"},
	},
	"sasl.mechanism": {
		good: map[string]any{"PLAIN": "PLAIN", "scram-sha-512": "SCRAM-SHA-512", "SCRAM-SHA-256": "SCRAM-SHA-256", "OAUTHBEARER": "OAUTHBEARER"},
		bad:  []string{"", "GSSAPI", "MD5"},
	},
	"sasl.username":                         {good: map[string]any{"alice": "alice"}},
	"sasl.password":                         {good: map[string]any{"hunter2": "hunter2"}},
	"sasl.oauthbearer.token.file":           {good: map[string]any{"/token": "/token"}},
	"ssl.ca.location":                       {good: map[string]any{"ca.pem": "ca.pem"}},
	"ssl.certificate.location":              {good: map[string]any{"c.pem": "c.pem"}},
	"ssl.key.location":                      {good: map[string]any{"k.pem": "k.pem"}},
	"ssl.endpoint.identification.algorithm": {good: map[string]any{"https": "https", "none": "none", "": "none"}, bad: []string{"ldaps"}},
}

var booleans = values{good: map[string]any{"true": true, "False": false, " true ": true}, bad: []string{"", "yes", "1"}}

func durations(text string, d time.Duration, bad ...string) values {
	return values{good: map[string]any{text: d}, bad: append(bad, "", "soon", "10 s", "1.5", "1500us", "99999999999999999999")}
}

func sizes(bad ...string) values {
	good := map[string]any{
		"65536": int64(65536), "64KiB": int64(65536), "64 kib": int64(65536), "1MB": int64(1_000_000), "1MiB": int64(1 << 20),
		"0.5MiB": int64(1 << 19), "1m": int64(1 << 20), "1000000B": int64(1_000_000),
	}
	return values{good: good, bad: append(bad, "", "-1", "many", "64XB", "1/2MiB", "1e6", "0x10000", "99999999999999999999", "0.3")}
}

func classes(class, short string) values {
	return values{
		good: map[string]any{class: short, "string": "string", "bytes": "bytes", "json": "json", "richevent": "richevent"},
		bad:  []string{"", "com.example.Serializer", "avro"},
	}
}

// Every property, set to what it accepts and to what it does not: the table of this test and the table of properties agree.
func TestEveryPropertyReadsItsValues(t *testing.T) {
	for _, p := range Properties() {
		cases, ok := propertyValues[p.Name]
		if !ok {
			t.Errorf("%s has no test", p.Name)
		}
		for text, want := range cases.good {
			got, err := p.parse(text)
			if hidden, ok := got.(secret); ok {
				got = hidden()
			}
			if err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("%s: %q is read as %#v, %v", p.Name, text, got, err)
			}
		}
		for _, text := range cases.bad {
			_, err := NewSettings(map[string]string{p.Name: text})
			var wrong *PropertyError
			if !errors.As(err, &wrong) || wrong.Property != p.Name || wrong.Accepted != p.Accepted || wrong.Value != text {
				t.Errorf("%s: %q gives %v", p.Name, text, err)
				continue
			}
			if !strings.Contains(err.Error(), p.Accepted) || strings.Contains(err.Error(), "\n") {
				t.Errorf("%s: %q gives %q", p.Name, text, err)
			}
		}
	}
	for name := range propertyValues {
		if _, ok := property(name); !ok {
			t.Errorf("%s is tested and does not exist", name)
		}
	}
}

// The table documents itself completely, and its defaults are acceptable.
func TestEveryPropertyIsDocumented(t *testing.T) {
	seen := make(map[string]bool)
	for _, p := range Properties() {
		if p.Name == "" || p.Kind == "" || p.Role == "" || p.Accepted == "" || p.Doc == "" || seen[p.Name] {
			t.Errorf("%+v", p)
		}
		if !strings.HasSuffix(p.Doc, ".") || strings.Contains(p.Doc, "\n") {
			t.Errorf("%s: %s", p.Name, p.Doc)
		}
		if p.Default != "" {
			if _, err := p.parse(p.Default); err != nil {
				t.Errorf("%s: its default %q: %v", p.Name, p.Default, err)
			}
		}
		seen[p.Name] = true
	}
	if _, err := NewSettings(nil); err != nil {
		t.Error(err)
	}
}

// Parsing never panics, errors are never empty, and what is accepted makes valid clients.
func FuzzProperty(f *testing.F) {
	for name, v := range propertyValues {
		for text := range v.good {
			f.Add(name, text)
		}
		for _, text := range v.bad {
			f.Add(name, text)
		}
	}
	f.Add("producer.client.id", "x")
	f.Fuzz(func(t *testing.T, name, text string) {
		s, err := NewSettings(map[string]string{"bootstrap.servers": "a:1", name: text})
		if err != nil {
			if err.Error() == "" {
				t.Error("an empty error")
			}
			return
		}
		if strings.HasSuffix(name, ".location") || strings.HasSuffix(name, "token.file") || s.Bootstrap() == nil {
			return
		}
		for _, options := range []optionsOf{s.ProducerOptions, s.ConsumerOptions, s.AdminOptions} {
			if _, err := options("one", nil); err != nil && !errors.As(err, new(*PropertyError)) {
				t.Errorf("%s=%q is accepted, and then: %v", name, text, err)
			}
		}
	})
}
