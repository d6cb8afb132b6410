package console

import (
	"slices"
	"strings"
	"unicode"

	"github.com/charmbracelet/x/ansi"
)

// buffer is the line being edited: characters as people see them, and a cursor before one of them or behind the last.
type buffer struct {
	chars  []string
	cursor int
	cut    []string // what ctrl-K, ctrl-U and ctrl-W took last, for ctrl-Y
}

func (b *buffer) String() string { return strings.Join(b.chars, "") }

func (b *buffer) set(text string) {
	b.chars = characters(text)
	b.cursor = len(b.chars)
}

// insert puts text at the cursor. The line is split anew: what is typed may join the character before it, as an accent does.
func (b *buffer) insert(text string) {
	before := strings.Join(b.chars[:b.cursor], "") + text
	b.chars = characters(before + strings.Join(b.chars[b.cursor:], ""))
	b.cursor = len(characters(before))
}

// characters splits text into what takes one step of the cursor. Line ends and other control characters become spaces.
func characters(text string) []string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, text)
	var all []string
	for text != "" {
		char, _ := ansi.FirstGraphemeCluster(text, ansi.GraphemeWidth)
		all = append(all, char)
		text = text[len(char):]
	}
	return all
}

func (b *buffer) move(by int) { b.cursor = min(max(b.cursor+by, 0), len(b.chars)) }

// wordLeft and wordRight are where the word at the cursor begins and ends.
func (b *buffer) wordLeft() int {
	at := b.cursor
	for at > 0 && b.chars[at-1] == " " {
		at--
	}
	for at > 0 && b.chars[at-1] != " " {
		at--
	}
	return at
}

func (b *buffer) wordRight() int {
	at := b.cursor
	for at < len(b.chars) && b.chars[at] == " " {
		at++
	}
	for at < len(b.chars) && b.chars[at] != " " {
		at++
	}
	return at
}

// remove takes the characters of a range out and puts the cursor there.
func (b *buffer) remove(from, until int) {
	from, until = max(from, 0), min(until, len(b.chars))
	if from < until {
		b.chars = slices.Delete(b.chars, from, until)
		b.cursor = from
	}
}

// kill removes a range and keeps it for yank.
func (b *buffer) kill(from, until int) {
	if from < until {
		b.cut = slices.Clone(b.chars[from:until])
		b.remove(from, until)
	}
}

func (b *buffer) yank() { b.insert(strings.Join(b.cut, "")) }

// edit does what a key means to the line; false says that the key means nothing to it.
func (b *buffer) edit(key string) bool {
	switch key {
	case "left", "ctrl+b":
		b.move(-1)
	case "right", "ctrl+f":
		b.move(1)
	case "home", "ctrl+a":
		b.cursor = 0
	case "end", "ctrl+e":
		b.cursor = len(b.chars)
	case "alt+b", "alt+left", "ctrl+left":
		b.cursor = b.wordLeft()
	case "alt+f", "alt+right", "ctrl+right":
		b.cursor = b.wordRight()
	case "backspace", "ctrl+h":
		b.remove(b.cursor-1, b.cursor)
	case "delete", "ctrl+d":
		b.remove(b.cursor, b.cursor+1)
	case "ctrl+k":
		b.kill(b.cursor, len(b.chars))
	case "ctrl+u":
		b.kill(0, b.cursor)
	case "ctrl+w", "alt+backspace":
		b.kill(b.wordLeft(), b.cursor)
	case "alt+d":
		b.kill(b.cursor, b.wordRight())
	case "ctrl+y":
		b.yank()
	default:
		return false
	}
	return true
}

// window is the part of the line around the cursor that fits into a width, and the cursor's column in it.
func (b *buffer) window(width int) (visible string, column int) {
	from := b.cursor
	for from > 0 && column+ansi.StringWidth(b.chars[from-1]) < width {
		from--
		column += ansi.StringWidth(b.chars[from])
	}
	return ansi.Truncate(strings.Join(b.chars[from:], ""), width, ""), column
}
