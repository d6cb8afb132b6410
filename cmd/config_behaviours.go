package cmd

import "strings"

// behaviour notes that there is something under behaviours.NAME, be it nothing.
func (l *loader) behaviour(key string) {
	rest, ok := strings.CutPrefix(key, behaviourPrefix)
	name, _, _ := strings.Cut(rest, ".")
	if !ok || name == "" {
		return
	}
	if l.config.Behaviours == nil {
		l.config.Behaviours = make(map[string]map[string]any)
	}
	if l.config.Behaviours[name] == nil {
		l.config.Behaviours[name] = make(map[string]any)
	}
}

// behaviours sorts the free-form settings by their behaviour.
func (l *loader) behaviours() {
	for _, key := range l.config.Keys() {
		rest, ok := strings.CutPrefix(key, behaviourPrefix)
		if !ok {
			continue
		}
		name, setting, found := strings.Cut(rest, ".")
		v := l.config.values[key]
		if !found || name == "" || setting == "" {
			l.report(v.keyAt, key, "a behaviour's setting has two names", behaviourPrefix+"NAME.SETTING", "")
			continue
		}
		l.behaviour(key)
		l.config.Behaviours[name][setting] = v.raw
	}
}
