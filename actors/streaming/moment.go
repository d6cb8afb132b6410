package streaming

import (
	"encoding/binary"
	"time"
)

// moment is a cell: a time, or none yet.
type moment struct {
	at, was time.Time
}

func (m *moment) set(at time.Time) { m.at = at }

func (m *moment) get() (at time.Time, ok bool) { return m.at, !m.at.IsZero() }

func (m *moment) begin()       { m.was = m.at }
func (m *moment) commit()      {}
func (m *moment) abort()       { m.at = m.was }
func (m *moment) bytes() int64 { return 0 }

func (m *moment) changes(w *changeWriter) error {
	if m.at.Equal(m.was) {
		return nil
	}
	return m.all(w)
}

func (m *moment) all(w *changeWriter) error {
	if m.at.IsZero() {
		return nil
	}
	return w.set(func(dst []byte) ([]byte, error) { return dst, nil },
		func(dst []byte) ([]byte, error) {
			return binary.BigEndian.AppendUint64(dst, uint64(m.at.UnixMilli())), nil
		})
}

func (m *moment) load(_, value string, deleted bool) error {
	if deleted {
		m.at = time.Time{}
		return nil
	}
	if len(value) != 8 {
		return errTorn
	}
	m.at = time.UnixMilli(int64(binary.BigEndian.Uint64([]byte(value))))
	return nil
}
