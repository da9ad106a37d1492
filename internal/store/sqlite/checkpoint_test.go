package sqlite

import (
	"errors"
	"os"
	"strings"
	"testing"

	"cutover/internal/audit"
)

func TestTheCheckpointFollowsEveryAppend(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	j := mustOpen(t, path, Options{})
	for range 3 {
		head, _ := fill(t, j, 1)
		if got := checkpointOf(t, path); got != head {
			t.Errorf("the checkpoint is %v, the head %v", got, head)
		}
	}
}

func TestASparserCheckpointFollowsAtTheLatestWithClose(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	j, err := Open(t.Context(), path, Options{CheckpointEvery: 5})
	if err != nil {
		t.Fatal(err)
	}
	head, _ := fill(t, j, 12)
	if got := checkpointOf(t, path); got.Seq != 10 {
		t.Errorf("after 12 records the checkpoint is %v, want record 10", got)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	if got := checkpointOf(t, path); got != head {
		t.Errorf("after closing the checkpoint is %v, want %v", got, head)
	}
}

func TestACheckpointThatLagsIsBroughtUpAtOpen(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	head := written(t, path, 3)
	file := audit.CheckpointOf(path)
	if err := os.Remove(string(file)); err != nil {
		t.Fatal(err)
	}
	mustOpen(t, path, Options{})
	if got := checkpointOf(t, path); got != head {
		t.Errorf("the checkpoint is %v, want %v", got, head)
	}
}

func TestACheckpointThatIsNoneIsRefusedAndKept(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	written(t, path, 3)
	file := string(audit.CheckpointOf(path))
	if err := os.WriteFile(file, []byte("junk"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Open(t.Context(), path, Options{})
	corrupt(t, err, file, 0, "not a checkpoint")
	if text, err := os.ReadFile(file); err != nil || string(text) != "junk" {
		t.Errorf("the checkpoint became %q, %v", text, err)
	}
}

// A record is written or not; a checkpoint that cannot follow must not make
// it look as if it were not. But no second one goes unvouched for.
func TestAnAppendWhoseCheckpointFailsIsWrittenAndTheNextRefused(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	j := mustOpen(t, path, Options{})
	head, lease := fill(t, j, 1)
	file := string(audit.CheckpointOf(path))
	if err := errors.Join(os.Remove(file), os.Mkdir(file, 0o700)); err != nil {
		t.Fatal(err)
	}
	head, err := j.Append(t.Context(), lease, head.Seq, records(1), nil)
	if err != nil || head.Seq != 2 {
		t.Fatalf("append: %v, %v", head, err)
	}
	if _, err := j.Append(t.Context(), lease, head.Seq, records(1), nil); err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("append without a checkpoint: %v", err)
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	head, err = j.Append(t.Context(), lease, head.Seq, records(1), nil)
	if err != nil || head.Seq != 3 || checkpointOf(t, path) != head {
		t.Errorf("append once it can be written again: %v, %v", head, err)
	}
}

func TestAStateAheadIsNoticedWhereTheCheckpointLags(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	written(t, path, 6)
	file := audit.CheckpointOf(path)
	reader, err := Open(t.Context(), path, Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	third, err := headAt(t.Context(), reader.reader, 3)
	if err := errors.Join(err, reader.Close(), os.Remove(string(file)), file.Advance(third)); err != nil {
		t.Fatal(err)
	}
	tamper(t, path, "DELETE FROM event WHERE seq > 4")
	_, err = Open(t.Context(), path, Options{})
	corrupt(t, err, path, 5, "state app/shop is folded up to record 6")
}
