package checkpoint

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hibana-stream/hibana/messages"
)

func TestRotation(t *testing.T) {
	dir := t.TempDir()
	l := ledger(t, dir, "a", RotateAt(2000, 3))
	other := ledger(t, dir, "b")
	for n := range 100 {
		appendAll(t, l, ran(n, int64(n), int64(n+1)))
	}
	appendAll(t, other, ranOn(messages.TopicPartition{Topic: "orders", Partition: 1}, 1, 0, 5, nil))
	names := ledgerFiles(t, dir)
	if len(names) != 4 {
		t.Errorf("files %q", names)
	}
	for _, name := range names {
		if info, _ := os.Stat(name); info.Size() > 2000 {
			t.Errorf("%s has %d bytes", name, info.Size())
		}
	}
	h := read(t, dir)
	all := h.Of("g")
	judged, since := h.Complete("g")
	if len(all) != len(judged)+1 || !since.Equal(judged[0].Time) || !Verify(judged, nil).OK() {
		t.Errorf("%d batches, %d since %v", len(all), len(judged), since)
	}
	if last := judged[len(judged)-1]; last.Batch != 99 {
		t.Errorf("the last is %v", last)
	}
	_ = l.Close()
	appendAll(t, ledger(t, dir, "a", RotateAt(2000, 3)), ran(100, 100, 101))
	if judged, _ := read(t, dir).Complete("g"); !Verify(judged, nil).OK() || judged[len(judged)-1].Batch != 100 {
		t.Error("started again it does not go on")
	}
}

func TestForeignLines(t *testing.T) {
	dir := t.TempDir()
	l := ledger(t, dir, "a")
	appendAll(t, l, ran(1, 0, 5))
	_ = os.WriteFile(ledgerFiles(t, dir)[0], []byte("{}\nnonsense\n\n{\"time\":\"1970-01-01T00:00:03Z\",\"new\":1}\n"), 0o600)
	h := read(t, dir)
	if len(h.Of("")) != 1 || len(h.Warnings()) != 2 || !strings.Contains(h.Warnings()[1], ":2: not a batch") {
		t.Errorf("read %v, warnings %q", h.Of(""), h.Warnings())
	}
	if _, err := Read(t.TempDir()); err == nil || !strings.Contains(err.Error(), "no ledger") {
		t.Errorf("an empty folder: %v", err)
	}
	if _, err := Read(filepath.Join(dir, "missing")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a missing folder: %v", err)
	}
}
