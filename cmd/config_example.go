package cmd

import (
	"fmt"
	"strings"

	"github.com/hibana-stream/hibana/actors/kafka"
)

// exampleHead opens the shipped config.yaml.
const exampleHead = `# What is set where: -X key=value wins over HIBANA_KEY, that over this file, this file over the default.
# hibana config show --origin prints what holds; hibana config schema is for editors. Keys may be nested or dotted.
# Any text may be ${env:NAME} or ${file:/path}, for secrets. Every value here but kafka's is the default.
`

// exampleKafka is the section of Kafka's own properties: those of the post, and the ones that differ between producer and consumer.
const exampleKafka = `kafka:                     # Kafka's own property names; hibana config show lists them all
  bootstrap.servers: embedded   # host:port,host:port for your own cluster
  # group.id: counts            # needed there: offsets are committed under it, instances share the work by it
  auto.offset.reset: smallest   # smallest | largest | none, where a new group begins (earliest and latest mean the same)
  acks: all                     # 0 | 1 | all; n is all, with min.insync.replicas checked to be n
  producer.client.id: hibana-producer   # producer. and consumer. in front, where the two differ
  consumer.client.id: hibana-consumer
  # security.protocol: SASL_SSL
  # sasl.mechanism: SCRAM-SHA-512
  # sasl.username: alice
  # sasl.password: ${env:KAFKA_PASSWORD}
  # ssl.ca.location: /etc/ssl/kafka-ca.pem
`

// exampleConfig is the shipped config.yaml: every key with its default and why.
func exampleConfig() string {
	var b strings.Builder
	b.WriteString(exampleHead)
	section, indent := "", ""
	for _, s := range settingRows {
		group, rest, nested := strings.Cut(s.key, ".")
		nested = nested && !strings.HasPrefix(rest, "timeout") && group != "offset"
		if group == "errors" && section != "errors" {
			b.WriteString(exampleKafka)
		}
		if nested && group != section {
			b.WriteString(group + ":\n")
		}
		section, indent = group, ""
		key := s.key
		if nested {
			indent, key = "  ", rest
		}
		fmt.Fprintf(&b, "%-26s # %s\n", indent+key+": "+s.written(), s.doc)
	}
	b.WriteString("behaviours: {}" + strings.Repeat(" ", 13) + "# settings of your own actors: {NAME: {SETTING: VALUE}}\n")
	return b.String()
}

// settingsTable is README's table of settings, in Markdown: ours, then Kafka's.
func settingsTable() string {
	var b strings.Builder
	b.WriteString("| key | default | accepted | why |\n|---|---|---|---|\n")
	for _, s := range settingRows {
		why := s.doc
		if s.live {
			why += " (live: the console changes it)"
		}
		row(&b, s.key, s.written(), s.kind.accepted, why)
	}
	row(&b, "behaviours", "{}", "{NAME: {SETTING: VALUE}}", "settings of your own actors")
	for _, p := range kafka.Properties() {
		fallback := p.Default
		switch p.Name {
		case "bootstrap.servers":
			fallback = embeddedServers
		case "group.id":
			fallback = embeddedGroup + ", on the embedded broker only"
		}
		row(&b, kafkaPrefix+p.Name, fallback, p.Accepted, p.Doc)
	}
	return b.String()
}

// row is a line of the table; bars inside a cell are escaped.
func row(b *strings.Builder, key, fallback, accepted, why string) {
	bars := strings.NewReplacer("|", `\|`)
	if fallback != "" {
		fallback = "`" + bars.Replace(fallback) + "`"
	}
	fmt.Fprintf(b, "| `%s` | %s | %s | %s |\n", key, fallback, bars.Replace(accepted), bars.Replace(why))
}
