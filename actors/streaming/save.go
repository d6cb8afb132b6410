package streaming

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/hibana-stream/hibana/messages"
)

// SaveAsTextFiles writes each batch to the file prefix-<time in ms>[.suffix], one element a line, in order; an empty batch makes an empty
// file. The file appears whole or not at all, and a batch that is run again replaces it. The folder is made if it is missing. The
// elements of a batch are held until it has run. Spark: saveAsTextFiles, which writes a folder of parts where this writes one file.
func (s Stream[T]) SaveAsTextFiles(prefix, suffix string) {
	n := registered(s, "saveAsTextFiles", false, collecting[T](), func(b *run, parts [][]T, _ []messages.OffsetRange) error {
		return writeWhole(textFile(prefix, suffix, b.time.UnixMilli()), func(w *bufio.Writer) {
			for _, p := range parts {
				for i := range p {
					fmt.Fprintln(w, p[i])
				}
			}
		})
	})
	n.output.file = textFile(prefix, suffix, 0)
	n.must(prefix == "", "the prefix is empty")
	n.must(strings.ContainsRune(suffix, filepath.Separator), fmt.Sprintf("the suffix %q has a %q in it; folders belong to the prefix", suffix, filepath.Separator))
	n.must(strings.ContainsRune(prefix+suffix, 0), fmt.Sprintf("a name of a file has no zero byte in it, and the prefix is %q, the suffix %q", prefix, suffix))
	n.writesAlone()
}

// writesAlone finds two outputs of the same files, of which only those of one would stay.
func (n *node) writesAlone() {
	c := n.context
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, other := range c.nodes {
		if other != n && other.output != nil && other.output.file == n.output.file && c.state == Initialized {
			c.mistakeLocked(n, fmt.Sprintf("the files with this prefix and suffix are written by %s at %s", other.op, other.place))
		}
	}
}

// textFile is the name of a batch's file.
func textFile(prefix, suffix string, millis int64) string {
	if suffix == "" {
		return fmt.Sprintf("%s-%d", prefix, millis)
	}
	return fmt.Sprintf("%s-%d.%s", prefix, millis, suffix)
}

// writeWhole writes a file beside its place and moves it there when it is whole and on the disk. A kill in between leaves the old
// file, or none, and at most a hidden one that the next run of the batch overwrites.
func writeWhole(name string, write func(*bufio.Writer)) (err error) {
	folder, base := filepath.Split(name)
	if folder != "" {
		if err := os.MkdirAll(folder, 0o777); err != nil {
			return err
		}
	}
	beside := folder + "." + base + ".tmp"
	f, err := os.Create(beside)
	if err != nil {
		return err
	}
	w := bufio.NewWriter(f)
	write(w)
	if err = w.Flush(); err == nil {
		err = f.Sync()
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err != nil {
		_ = os.Remove(beside)
		return err
	}
	return os.Rename(beside, name)
}
