package cmd

import "fmt"

// OriginKind is where a setting can come from; a later kind wins over an earlier one.
type OriginKind int

// The kinds, the weakest first.
const (
	FromDefault OriginKind = iota
	FromFile
	FromEnv
	FromFlag
)

// String is the word that config show prints.
func (k OriginKind) String() string { return [...]string{"default", "file", "env", "flag"}[k] }

// Origin is the place where a value was written.
type Origin struct {
	Kind OriginKind
	// File, Line and Column lead to a value in a file; the first line and column are 1.
	File         string
	Line, Column int
	// Name is the variable, or the -X as it was written, secrets masked.
	Name string
}

// String is "default", FILE:LINE:COLUMN, the variable, or the flag.
func (o Origin) String() string {
	switch {
	case o.Kind == FromDefault:
		return o.Kind.String()
	case o.Kind == FromFile && o.Line == 0:
		return o.File
	case o.Kind == FromFile:
		return fmt.Sprintf("%s:%d:%d", o.File, o.Line, o.Column)
	}
	return o.Name
}

// before orders origins as they are read: file, environment, flags.
func (o Origin) before(p Origin) int {
	for _, d := range [...]int{int(o.Kind - p.Kind), o.Line - p.Line, o.Column - p.Column} {
		if d != 0 {
			return d
		}
	}
	return 0
}
