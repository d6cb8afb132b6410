// Package console is how a person steers a running stream: lines of commands reach a session, an actor, from the process's own
// terminal or over a Unix socket, and its answers go back the same way.
//
// The package knows no command: an Interpreter, which package cmd implements with its command tree, executes the lines.
//
//	console             one actor; it is asked for sessions
//	├── session-1       one for each connection or terminal; it takes lines, one at a time, and answers
//	└── session-2
//
// The wire is newline-delimited JSON: see Request and Reply. Who dials is a Client; what edits lines on a terminal is an Editor.
package console
