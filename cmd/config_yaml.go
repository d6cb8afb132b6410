package cmd

import (
	"errors"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
)

// read takes a node's texts into v, and says what is wrong with it; "" when nothing is.
func read(n ast.Node, v *value) (problem string) {
	switch n := n.(type) {
	case *ast.NullNode:
		v.shape, v.texts = nothing, []string{""}
	case *ast.SequenceNode:
		return readList(n, v)
	case *ast.StringNode, *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.LiteralNode, *ast.InfinityNode, *ast.NanNode:
		v.texts, v.raw = []string{scalarText(n)}, n.(ast.ScalarNode).GetValue()
		if v.raw == nil {
			v.raw = scalarText(n)
		}
		if tabbed(n) {
			return "there is a tab in the value; put the value in quotes, or write a space"
		}
	case *ast.AnchorNode, *ast.AliasNode:
		return "anchors (&) and aliases (*) are not read here; put a text that begins so in quotes"
	case *ast.TagNode:
		return "tags (!) are not read here; put a text that begins so in quotes"
	default:
		return "it takes a value, and there are keys under it"
	}
	return ""
}

// readList takes a list of scalars.
func readList(n *ast.SequenceNode, v *value) (problem string) {
	raw := []any{}
	v.shape, v.texts = list, nil
	for _, item := range n.Values {
		var one value
		if address, ok := hostPort(item); ok {
			v.texts, raw = append(v.texts, address), append(raw, address)
			continue
		}
		if problem := read(item, &one); problem != "" {
			return problem
		}
		if one.shape != scalar {
			return "a list here holds single values, and one of these is none"
		}
		v.texts, raw = append(v.texts, one.texts[0]), append(raw, one.raw)
	}
	v.raw = raw
	return ""
}

// hostPort reads [host:9092] inside braces, which the library takes for a map, though no space is behind the colon.
func hostPort(item ast.Node) (address string, ok bool) {
	pairs, ok := item.(*ast.MappingNode)
	if !ok || len(pairs.Values) != 1 {
		return "", false
	}
	host, port := pairs.Values[0].Key.GetToken(), pairs.Values[0].Value.GetToken()
	adjacent := host.Position.Line == port.Position.Line && host.Position.Column+len([]rune(host.Value))+1 == port.Position.Column
	return host.Value + ":" + port.Value, adjacent && pairs.Values[0].Value.Type() == ast.IntegerType
}

// scalarText is a scalar as it was written: 007 stays 007.
func scalarText(n ast.Node) string {
	switch n := n.(type) {
	case *ast.StringNode:
		return n.Value
	case *ast.LiteralNode:
		return strings.TrimSuffix(n.Value.Value, "\n")
	}
	return n.GetToken().Value
}

// tabbed finds a tab inside a text without quotes: the library drops it, and so would change the value.
func tabbed(n ast.Node) bool {
	s, ok := n.(*ast.StringNode)
	return ok && !strings.ContainsAny(firstRune(s.GetToken().Origin), `"'`) && strings.Contains(strings.TrimSpace(s.GetToken().Origin), "\t")
}

func firstRune(s string) string {
	s = strings.TrimSpace(s)
	return s[:min(len(s), 1)]
}

// cures are for the library's words about broken YAML, first match first.
var cures = []struct{ words, problem, accepted string }{
	{"'\t'", "there is a tab", "spaces"},
	{"tab", "there is a tab", "spaces"},
	{"mapping value is not allowed", "this does not go with the line above, or there is a second colon", "the same indentation for keys that belong together; quotes around a text with a colon and a space in it"},
	{"unexpected key name", "this is no key with a value", "a space after the colon: key: value"},
	{"']' must be specified", "a list does not end well", `[a, b]; and ["${env:NAME}"], in quotes, inside brackets`},
	{"'}' must be specified", "a map does not end well", `{key: value, key: value}; and "${env:NAME}", in quotes, inside brackets`},
	{"sequence end token", "the bracket is not closed", "[a, b]"},
	{"mapping end token", "the bracket is not closed", "{key: value}"},
	{"could not find end character", "the quote is not closed", `"text" or 'text'`},
	{"reserved character", "a text cannot begin with this character", "the text in quotes"},
	{"directive", "a text cannot begin with %", "the text in quotes"},
	{"invalid key", "this is no key", "key: value"},
}

// syntax reports what the parser stopped at.
func (l *loader) syntax(err error, at Origin) {
	if at.Kind == FromFile && l.tabs(at) {
		return
	}
	message, place := "", at
	var described yaml.Error
	if errors.As(err, &described) {
		message = described.GetMessage()
		if t := described.GetToken(); at.Kind == FromFile && t != nil && t.Position != nil {
			place.Line, place.Column = t.Position.Line, t.Position.Column
			if strings.Contains(message, "mapping value") {
				place = l.lastLine(place, t.Origin)
			}
		}
	}
	if place.Kind == FromFile && place.Line == 0 {
		place.Line, place.Column = 1, 1
	}
	for _, c := range cures {
		if strings.Contains(message, c.words) {
			l.report(place, "", "the YAML is broken: "+c.problem, c.accepted, "")
			return
		}
	}
	// The library's own words may quote the text, and with it a secret.
	l.report(place, "", "the YAML is broken here", "key: value, indented with spaces", "")
}

// lastLine moves a place to the last line of a text that was read on over several: there the trouble is.
func (l *loader) lastLine(o Origin, text string) Origin {
	if n := strings.Count(strings.TrimSpace(text), "\n"); n > 0 && o.Line+n <= len(l.lines) {
		o.Line += n
		line := l.lines[o.Line-1]
		o.Column = len(line) - len(strings.TrimLeft(line, " ")) + 1
	}
	return o
}

// tabs reports the lines that are indented with tabs. It is asked only when the parser has failed.
func (l *loader) tabs(at Origin) (found bool) {
	for i, line := range l.lines {
		rest := strings.TrimLeft(line, " \t")
		tab := strings.IndexByte(line[:len(line)-len(rest)], '\t')
		if tab < 0 || rest == "" || rest[0] == '#' {
			continue
		}
		at.Line, at.Column, found = i+1, tab+1, true
		l.report(at, "", "the YAML is broken: there is a tab in the indentation", "spaces", "")
	}
	return found
}
