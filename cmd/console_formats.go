package cmd

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"unicode"

	"github.com/charmbracelet/x/ansi"
)

// writeJSON writes one object on one line; the keys keep the order in which the command names them.
func writeJSON(b *strings.Builder, a answer) {
	o := object{b: b}
	for _, f := range a.fields {
		o.member(f.key, func() { jsonValue(b, f.value) })
	}
	for _, t := range a.tables {
		o.member(t.key, func() { jsonRows(b, t) })
	}
	o.end()
	b.WriteByte('\n')
}

func jsonRows(b *strings.Builder, t table) {
	b.WriteByte('[')
	for i, row := range t.rows {
		if i > 0 {
			b.WriteByte(',')
		}
		o := object{b: b}
		for j, c := range t.columns {
			o.member(c.key, func() { jsonValue(b, row[j].value) })
		}
		o.end()
	}
	b.WriteByte(']')
}

// object writes a JSON object; encoding/json would sort a map's keys.
type object struct {
	b     *strings.Builder
	begun bool
}

func (o *object) member(key string, value func()) {
	if key == "" {
		return
	}
	if o.begun {
		o.b.WriteByte(',')
	} else {
		o.b.WriteByte('{')
	}
	o.begun = true
	jsonValue(o.b, key)
	o.b.WriteByte(':')
	value()
}

func (o *object) end() {
	if !o.begun {
		o.b.WriteByte('{')
	}
	o.b.WriteByte('}')
}

func jsonValue(b *strings.Builder, v any) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		text.Reset()
		_, _ = fmt.Fprintf(&text, "%q", err.Error())
	}
	b.Write(bytes.TrimRight(text.Bytes(), "\n"))
}

// writeTSV writes a line for each field and then the tables, each under its keys; an empty line separates them.
func writeTSV(b *strings.Builder, a answer) {
	for _, f := range a.fields {
		if f.key != "" {
			_, _ = fmt.Fprintf(b, "%s\t%s\n", f.key, tsvValue(f.value))
		}
	}
	for i, t := range a.tables {
		if i > 0 || len(a.fields) > 0 {
			b.WriteByte('\n')
		}
		tsvRow(b, t.columns, func(i int) string { return t.columns[i].key })
		for _, row := range t.rows {
			tsvRow(b, t.columns, func(i int) string { return tsvValue(row[i].value) })
		}
	}
}

func tsvRow(b *strings.Builder, columns []column, cell func(int) string) {
	var cells []string
	for i, c := range columns {
		if c.key != "" {
			cells = append(cells, cell(i))
		}
	}
	b.WriteString(strings.Join(cells, "\t") + "\n")
}

func tsvValue(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case json.RawMessage:
		return cellLine(string(v))
	case []string:
		return cellLine(strings.Join(v, "; "))
	}
	return cellLine(fmt.Sprint(v))
}

// cellLine makes text safe to show in a cell: no line ends, no tabs, and nothing that a terminal would obey.
func cellLine(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, s)
}

// writeTable writes what people read.
func writeTable(b *strings.Builder, a answer, color bool) {
	if a.sentence != "" {
		b.WriteString(a.sentence + "\n")
	} else {
		writeFields(b, a.fields, color)
	}
	for i, t := range a.tables {
		if i > 0 || b.Len() > 0 {
			b.WriteByte('\n')
		}
		writeRows(b, t, color)
	}
}

func writeFields(b *strings.Builder, fields []field, color bool) {
	width := 0
	for _, f := range fields {
		width = max(width, ansi.StringWidth(f.title))
	}
	for _, f := range fields {
		if f.title != "" {
			b.WriteString(strings.TrimRight(bold(pad(f.title, width, false), color)+"  "+cellLine(f.text), " ") + "\n")
		}
	}
}

func writeRows(b *strings.Builder, t table, color bool) {
	if len(t.rows) == 0 {
		b.WriteString(t.empty + "\n")
		return
	}
	widths := make([]int, len(t.columns))
	for i, c := range t.columns {
		widths[i] = ansi.StringWidth(c.title)
		for _, row := range t.rows {
			widths[i] = max(widths[i], ansi.StringWidth(cellLine(row[i].text)))
		}
	}
	b.WriteString(bold(tableRow(t.columns, widths, func(i int) string { return t.columns[i].title }), color) + "\n")
	for _, row := range t.rows {
		b.WriteString(tableRow(t.columns, widths, func(i int) string { return cellLine(row[i].text) }) + "\n")
	}
}

func tableRow(columns []column, widths []int, cell func(int) string) string {
	var cells []string
	for i, c := range columns {
		if c.title != "" {
			cells = append(cells, pad(cell(i), widths[i], c.right))
		}
	}
	return strings.TrimRight(strings.Join(cells, "  "), " ")
}

// pad fills up to a width on the screen, where some characters take two columns.
func pad(s string, width int, right bool) string {
	space := strings.Repeat(" ", max(width-ansi.StringWidth(s), 0))
	if right {
		return space + s
	}
	return s + space
}

func bold(s string, color bool) string {
	if !color {
		return s
	}
	return "\x1b[1m" + s + "\x1b[m"
}
