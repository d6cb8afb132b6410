package cmd

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// file reads the configuration file, if there is one.
func (l *loader) file() {
	name := l.options.File
	if name == "" {
		return
	}
	at := Origin{Kind: FromFile, File: name}
	data, err := l.read(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		l.report(at, "", "there is no such file", "a file that exists (hibana config show prints what one may hold)", "")
		return
	case err != nil:
		l.report(at, "", "it cannot be read: "+plainError(err), "a YAML file", "")
		return
	case len(data) > mostFile:
		l.report(at, "", "it has more than 128 KiB", "a YAML file", "")
		return
	case !utf8.Valid(data) || bytes.IndexByte(data, 0) >= 0:
		odd := strings.NewReplacer("\x00", "\ufffd", "\r\n", "\n").Replace(string(data))
		l.lines = strings.Split(strings.ToValidUTF8(odd, "\ufffd"), "\n")
		l.report(firstOdd(at, data), "", "this is no text in UTF-8", "a YAML file in UTF-8", "")
		return
	}
	text := strings.ReplaceAll(strings.TrimPrefix(string(data), "\ufeff"), "\r\n", "\n")
	l.lines = strings.Split(text, "\n")
	if root := l.parse(text, at); root != nil {
		l.mapping(root, "", at)
	}
}

// firstOdd is the place of the first byte that no text in UTF-8 has.
func firstOdd(at Origin, data []byte) Origin {
	at.Line, at.Column = 1, 1
	for len(data) > 0 {
		r, size := utf8.DecodeRune(data)
		switch {
		case r == 0 || r == utf8.RuneError && size == 1:
			return at
		case r == '\n':
			at.Line, at.Column = at.Line+1, 1
		default:
			at.Column++
		}
		data = data[size:]
	}
	return at
}

// plainError is what went wrong with a file, without its path, which the finding has already.
func plainError(err error) string {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err.Error()
	}
	return err.Error()
}

// parse reads YAML into a tree; nil when there is none, or none that can be read.
func (l *loader) parse(text string, at Origin) (root ast.Node) {
	if open := deepest(text); open > mostNested {
		l.report(at, "", fmt.Sprintf("brackets are nested %d deep", open), "a YAML file", "")
		return nil
	}
	defer func() {
		// A configuration that makes the YAML library fail is a wrong configuration, not a crash.
		if r := recover(); r != nil {
			l.report(at, "", "it cannot be read as YAML", "a YAML file", "")
			root = nil
		}
	}()
	parsed, err := parser.ParseBytes([]byte(text), 0, parser.AllowDuplicateMapKey())
	if err != nil {
		l.syntax(err, at)
		return nil
	}
	for _, doc := range parsed.Docs {
		if doc.Body == nil || doc.Body.Type() == ast.CommentType {
			continue
		}
		if root != nil {
			l.report(l.at(at, doc.Body), "", "a second document begins here", "one document", "")
			return root
		}
		root = doc.Body
	}
	return root
}

// mostNested keeps the parser, which calls itself for every bracket, from running out of stack.
const mostNested = 100

func deepest(text string) (most int) {
	depth := 0
	for _, r := range text {
		switch r {
		case '[', '{':
			depth++
		case ']', '}':
			depth = max(depth-1, 0)
		}
		most = max(most, depth)
	}
	return most
}

// mapping takes in what stands under path.
func (l *loader) mapping(n ast.Node, path string, at Origin) {
	if n.Type() == ast.NullType {
		return // a section whose keys are all commented out
	}
	pairs, ok := n.(ast.MapNode)
	if !ok {
		accepted := "KEY: VALUE, with one of: " + members(sectionOf(path))
		if path == "behaviours" {
			accepted = "NAME: {SETTING: VALUE}"
		}
		l.report(l.at(at, n), path, "keys belong here, and this is none", accepted, foreign[plain(path)])
		return
	}
	for each := pairs.MapRange(); each.Next(); {
		l.pair(each.KeyValue(), path, at)
	}
}

// sectionOf is path as a prefix of keys.
func sectionOf(path string) string {
	if path == "" {
		return ""
	}
	return path + "."
}

// pair takes in one key with what stands under it.
func (l *loader) pair(p *ast.MappingValueNode, path string, at Origin) {
	v := value{key: sectionOf(path) + keyText(p.Key), origin: l.at(at, p.Value), keyAt: l.at(at, p.Key)}
	s, isSetting := settingOf(v.key)
	known, isProperty := kafkaProperty(v.key)
	_, isMap := p.Value.(ast.MapNode)
	l.behaviour(v.key)
	switch {
	case strings.ContainsAny(v.key, ":="):
		l.report(v.keyAt, "", "this is no key with a value", "a space after the colon: key: value", "")
	case p.Key.IsMergeKey():
		l.report(v.keyAt, "", "merge keys are not read here", "the keys themselves", "")
	case isSetting && isMap:
		l.report(v.origin, v.key, "it takes a value, and there are keys under it", s.kind.accepted, "")
	case isProperty && isMap, isSecret(v.key) && isMap:
		l.report(v.keyAt, v.key, "it takes a value, and there are keys under it", cmp.Or(known.Accepted, "a value"), "")
	case isSetting:
		l.leaf(v, p.Value)
	case isSection(v.key), isMap && freeForm(v.key):
		l.mapping(p.Value, v.key, at)
	default:
		l.leaf(v, p.Value)
	}
}

// leaf takes in a key with a value.
func (l *loader) leaf(v value, n ast.Node) {
	problem := read(n, &v)
	if v.shape == nothing {
		v.origin = v.keyAt // what is not there has no place of its own
	}
	if problem != "" && l.known(v) {
		l.report(v.origin, v.key, problem, "the value itself", "")
		return
	}
	if problem == "" {
		l.accept(v)
	}
}

// at is the place of a node in the file; what was written in a variable or a flag stays there.
func (l *loader) at(o Origin, n ast.Node) Origin {
	if o.Kind == FromFile {
		o.Line, o.Column = n.GetToken().Position.Line, n.GetToken().Position.Column
	}
	return o
}

func keyText(k ast.MapKeyNode) string {
	if s, ok := k.(*ast.StringNode); ok {
		return s.Value
	}
	return k.GetToken().Value
}
