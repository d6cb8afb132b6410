package cmd

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/hibana-stream/hibana/actors/kafka"
)

const variablePrefix = "HIBANA_"

// variableName is the variable that sets key: kafka.group.id has HIBANA_KAFKA_GROUP_ID.
func variableName(key string) string {
	return variablePrefix + strings.ToUpper(strings.NewReplacer(".", "_", "-", "_").Replace(key))
}

// variables are the keys by their variable's name.
var variables = sync.OnceValue(func() map[string]string {
	all := make(map[string]string)
	for _, s := range settingRows {
		all[variableName(s.key)] = s.key
	}
	for _, p := range kafka.Properties() {
		for _, name := range namesOf(p) {
			all[variableName(kafkaPrefix+name)] = kafkaPrefix + name
		}
	}
	all[variableName("behaviours")] = "behaviours"
	return all
})

// injected are the names that Kubernetes gives every container for each service, such as HIBANA_SERVICE_HOST for one with our name.
var injected = regexp.MustCompile(`_(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT(_\d+_[A-Z]+(_(PROTO|PORT|ADDR))?)?)$`)

// environment reads the variables that begin with HIBANA_. One that names no key is a warning only, because others choose names
// too; but a misspelt key is a mistake here as in a file, or a typing error in a server's address would be a run somewhere else.
func (l *loader) environment() {
	known := variables()
	seen := make(map[string]bool)
	for _, pair := range l.options.Env {
		name, _, _ := strings.Cut(pair, "=")
		if !strings.HasPrefix(name, variablePrefix) || strings.HasPrefix(name, "HIBANA_TEST_") || seen[name] {
			continue
		}
		seen[name] = true
		at := Origin{Kind: FromEnv, Name: name}
		text, _ := l.environ(name)
		key, ok := known[name]
		if !ok {
			l.unknownVariable(at)
			continue
		}
		l.inline(value{key: key, origin: at, keyAt: at}, text)
	}
}

func (l *loader) unknownVariable(at Origin) {
	known := slices.Sorted(maps.Keys(variables()))
	nearest := nearestOf(at.Name, known)
	if nearest == "" { // HIBANA_BOOTSTRAP_SERVERS
		nearest = nearestOf(variablePrefix+"KAFKA_"+strings.TrimPrefix(at.Name, variablePrefix), known)
	}
	if nearest != "" && !injected.MatchString(at.Name) {
		l.report(at, "", "no setting has this variable", "", nearest)
		return
	}
	l.warn(at, "no setting has this variable, and it is ignored")
}

// overrides reads what -X was given.
func (l *loader) overrides() {
	for _, override := range l.options.Overrides {
		key, text, ok := strings.Cut(override, "=")
		key = strings.TrimSpace(key)
		at := Origin{Kind: FromFlag, Name: "-X " + shownOverride(key, text)}
		switch {
		case !ok || key == "":
			l.report(Origin{Kind: FromFlag, Name: "-X " + hideAfter(override)}, "", "this is not KEY=VALUE", "-X KEY=VALUE, such as -X interval=500ms", nearestKey(key))
		case strings.ContainsAny(key, "\n\r\t :"):
			l.report(at, "", "a key has neither spaces nor colons", "-X KEY=VALUE, such as -X interval=500ms", "")
		default:
			l.inline(value{key: key, origin: at, keyAt: at}, text)
		}
	}
}

// shownOverride is an override without what nobody should see. What is not known may be a misspelt secret.
func shownOverride(key, text string) string {
	if i := strings.IndexAny(key, "\n\r\t :"); i >= 0 {
		key, text = key[:i], mask
	}
	_, isSetting := settingOf(key)
	_, isKafka := kafkaProperty(key)
	if isSecret(key) || !isSetting && !isKafka && text != "" {
		text = mask
	}
	return key + "=" + strings.ReplaceAll(text, "\n", " ")
}
