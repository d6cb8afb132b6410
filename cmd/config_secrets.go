package cmd

import (
	"regexp"
	"slices"
	"strings"
)

// reference is ${env:NAME} or ${file:PATH}, or something that looks so; $${ stands for ${ itself.
var reference = regexp.MustCompile(`\$?\$\{([^{}:]*)(:?)([^{}]*)\}`)

// resolve fetches what values refer to, for those that won. What cannot be fetched is as if nobody had set it, so that it is
// reported once.
func (l *loader) resolve() {
	for _, key := range l.config.Keys() {
		v := l.config.values[key]
		if !v.indirect() {
			continue
		}
		before := len(l.findings)
		l.config.values[key] = l.expandAll(v)
		if len(l.findings) > before {
			delete(l.config.values, key)
		}
	}
}

func (l *loader) expandAll(v value) value {
	texts := slices.Clone(v.texts)
	for i := range texts {
		texts[i] = l.expand(&v, texts[i])
	}
	switch raw := v.raw.(type) {
	case string:
		v.raw = texts[0]
	case []any:
		v.raw = slices.Clone(raw)
		for i, item := range raw {
			if _, isText := item.(string); isText {
				v.raw.([]any)[i] = texts[i]
			}
		}
	}
	v.texts = texts
	if takesList(v.key) {
		v.texts = entries(v.joined()) // one reference may hold several
	}
	return v
}

// unclosed is a reference that lacks its last character, and would be taken for a text.
var unclosed = regexp.MustCompile(`(?:^|[^$])\$\{(?:env|file):[^{}]*$`)

// expand puts in what a text refers to, and makes v a secret if there is anything.
func (l *loader) expand(v *value, text string) string {
	if unclosed.MatchString(text) {
		l.report(v.origin, v.key, "${…} is not closed", "${env:NAME}, ${file:/path}", "")
		return text
	}
	return reference.ReplaceAllStringFunc(text, func(whole string) string {
		if strings.HasPrefix(whole, "$$") {
			return whole[1:]
		}
		parts := reference.FindStringSubmatch(whole)
		fetched, ok := l.fetch(*v, parts[1], parts[3], parts[2] == ":")
		if ok {
			v.secret = true
			l.secret(fetched)
		}
		return fetched
	})
}

// secret notes a text that nothing may show, as a whole and line by line.
func (l *loader) secret(text string) {
	l.secrets = append(l.secrets, text)
	if strings.Contains(text, "\n") {
		l.secrets = append(l.secrets, strings.Split(text, "\n")...)
	}
}

// fetch finds one secret. What is missing is a finding that names both the key and the place.
func (l *loader) fetch(v value, source, name string, hasColon bool) (string, bool) {
	switch {
	case name == "" && hasColon && (source == "env" || source == "file"):
		l.report(v.origin, v.key, "${"+source+":} names nothing", "${env:NAME}, ${file:/path}", "")
	case source == "env" && hasColon:
		if text, ok := l.environ(name); ok {
			return text, true
		}
		l.report(v.origin, v.key, "the environment variable "+name+" is not set", "a variable that is set before the start", "")
	case source == "file" && hasColon:
		data, err := l.read(name)
		if err == nil {
			return strings.TrimRight(string(data), "\r\n"), true
		}
		l.report(v.origin, v.key, "the file "+name+" cannot be read: "+plainError(err), "a file that this user may read", "")
	default:
		nearest := ""
		if !hasColon && source != "" {
			nearest = "${env:" + source + "}"
		}
		l.report(v.origin, v.key, "${…} is not understood", "${env:NAME}, ${file:/path}; $${ for the characters themselves", nearest)
	}
	return "", false
}

// hide notes a secret that was written down as it is.
func (l *loader) hide(v value) {
	for _, text := range v.texts {
		if !strings.Contains(text, "${") {
			l.secret(text)
		}
	}
}

// named finds a key that is a secret by its name, with what follows.
var named = regexp.MustCompile(`(?i)([\w.-]*(?:` + secretWords + `)[\w.-]*["']?\s*[:=]\s*).*`)

// hideAfter masks what follows a name that is a secret's.
func hideAfter(line string) string { return named.ReplaceAllString(line, "${1}"+mask) }

// excerpt is a line of the file without secrets.
func (l *loader) excerpt(line int) string {
	if line > len(l.lines) {
		return ""
	}
	text := hideAfter(l.lines[line-1])
	if line > 1 && strings.HasSuffix(hideAfter(l.lines[line-2]+" x"), mask) && strings.HasSuffix(strings.TrimSpace(l.lines[line-2]), ":") {
		return mask // the value of a secret that stands on the next line
	}
	return text
}

// shortest is the length from which a secret is looked for in every text: a shorter one stands in ordinary words.
const shortest = 4

// cleaned are the findings in order. Whatever way a secret may have got into one of them, it does not stay there.
func (l *loader) cleaned() []Finding {
	for i := range l.findings {
		f := &l.findings[i]
		for _, text := range []*string{&f.Origin.Name, &f.Problem, &f.Nearest, &f.Line} {
			*text = l.clean(*text)
		}
	}
	return inOrder(l.findings)
}

func (l *loader) clean(text string) string {
	for _, secret := range l.secrets {
		if len(secret) >= shortest {
			text = strings.ReplaceAll(text, secret, mask)
		}
	}
	return text
}
