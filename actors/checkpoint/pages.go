package checkpoint

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/hibana-stream/hibana/messages"
)

// ledgerEnding is what the files of all ledgers end with; before it stand the owner and the page's number.
const ledgerEnding = ".ledger.jsonl"

// pagesOf is how the files of one instance's ledger begin. Both names are escaped, so that no two instances share a file.
func pagesOf(group, instance string) string {
	return url.QueryEscape(group) + "@" + url.QueryEscape(instance)
}

func pageName(owner string, number int) string {
	return fmt.Sprintf("%s.%06d%s", owner, number, ledgerEnding)
}

// pageNumber reads a file's name back; ok is false for a file that is no ledger's.
func pageNumber(name string) (owner string, number int, ok bool) {
	name, ok = strings.CutSuffix(name, ledgerEnding)
	dot := strings.LastIndexByte(name, '.')
	if !ok || dot < 0 {
		return "", 0, false
	}
	number, err := strconv.Atoi(name[dot+1:])
	return name[:dot], number, err == nil && number > 0
}

// pages are the files of one instance's ledger. They are numbered on and on: where the oldest is not number 1, lines before it
// are gone.
type pages struct {
	dir, owner string
	settings   ledgerSettings
	numbers    []int
	file       *os.File
	size       int64
	ragged     bool
}

func openPages(dir, owner string, settings ledgerSettings) (*pages, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	p := &pages{dir: dir, owner: owner, settings: settings}
	for _, e := range entries {
		if of, number, ok := pageNumber(e.Name()); ok && of == owner {
			p.numbers = append(p.numbers, number)
		}
	}
	slices.Sort(p.numbers)
	if len(p.numbers) == 0 {
		p.numbers = []int{1}
	}
	return p, p.open(p.numbers[len(p.numbers)-1])
}

func (p *pages) path(number int) string { return filepath.Join(p.dir, pageName(p.owner, number)) }

// open makes a page the one that is written to.
func (p *pages) open(number int) error {
	f, err := os.OpenFile(p.path(number), os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	if err := flock(f); err != nil {
		_ = f.Close()
		return fmt.Errorf("%s is %w by another process (%v)", p.path(number), ErrInUse, err)
	}
	size, err := mend(f)
	if err != nil {
		_ = f.Close()
		return fmt.Errorf("%s: %w", p.path(number), err)
	}
	if p.file != nil {
		_ = p.file.Close()
	}
	p.file, p.size, p.ragged = f, size, false
	return nil
}

// mend makes a file end with a whole line: a crash may have left a piece of one. It returns the file's length.
func mend(f *os.File) (int64, error) {
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	start, tail, err := lastLine(f, info.Size())
	if err != nil || len(tail) == 0 {
		return info.Size(), err
	}
	if _, err := parseLine(tail); err == nil {
		_, err := f.Write([]byte{'\n'}) // Only its end is missing.
		return info.Size() + 1, err
	}
	return start, f.Truncate(start)
}

// lastLine gives what stands behind the last line's end, and where that begins.
func lastLine(f io.ReaderAt, size int64) (start int64, tail []byte, err error) {
	for n := int64(4096); ; n *= 2 {
		n = min(n, size)
		tail = make([]byte, n)
		if _, err := f.ReadAt(tail, size-n); err != nil && !errors.Is(err, io.EOF) {
			return 0, nil, err
		}
		if i := bytes.LastIndexByte(tail, '\n'); i >= 0 {
			return size - n + int64(i) + 1, tail[i+1:], nil
		}
		if n == size {
			return 0, tail, nil
		}
	}
}

// parseLine reads one line of a ledger.
func parseLine(line []byte) (r messages.BatchReport, err error) {
	return r, json.Unmarshal(line, &r)
}

// write adds one line in one write. When that fails what was written of it is cut off, now or before the next line.
func (p *pages) write(line []byte) error {
	if p.ragged {
		if err := p.file.Truncate(p.size); err != nil {
			return err
		}
		p.ragged = false
	}
	var turned error
	if p.size > 0 && p.size+int64(len(line)) > p.settings.bytes {
		turned = p.turn()
	}
	if _, err := p.file.Write(line); err != nil {
		p.ragged = p.file.Truncate(p.size) != nil
		return errors.Join(err, turned)
	}
	p.size += int64(len(line))
	if p.settings.sync {
		return errors.Join(p.file.Sync(), turned)
	}
	return turned
}

// turn begins a new page and removes the oldest ones. When it fails the old page is written on.
func (p *pages) turn() error {
	if err := p.file.Sync(); err != nil {
		return err
	}
	next := p.numbers[len(p.numbers)-1] + 1
	if err := p.open(next); err != nil {
		return err
	}
	p.numbers = append(p.numbers, next)
	for len(p.numbers) > p.settings.files {
		if err := os.Remove(p.path(p.numbers[0])); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
		p.numbers = p.numbers[1:]
	}
	return nil
}
