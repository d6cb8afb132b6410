package main

import "github.com/hibana-stream/hibana/actors/streaming"

// job is what this program computes: the first file to edit. It prints the first ten events of every batch, and how many there were.
func job(s *streaming.Context) error {
	events := streaming.Events(s)
	events.Print()
	events.Count().Print()
	return nil
}
