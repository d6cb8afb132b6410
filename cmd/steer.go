package cmd

// beginConsole opens the ways in which a person steers the stream.
func (m *Main) beginConsole(*stream, *screen) {}
