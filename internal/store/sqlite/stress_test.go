package sqlite

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cutover/internal/store"
)

// The disk may fill up at any write of an append. It fails with the cure,
// nothing of it is there, what was there before stays, and once there is room
// the next one goes through.
func TestAFullDiskStopsAppendsAndLosesNothing(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	written(t, path, 3)
	r, stop := record(filepath.Dir(path))
	defer stop()
	j := mustOpen(t, path, Options{})
	head, lease := fill(t, j, 1)
	refused := 0
	for room := range 40 {
		list := records(6)
		list[0].Data = fmt.Appendf(nil, `{"pad":"%040000d"}`, room)
		r.ration(room)
		next, err := j.Append(t.Context(), lease, head.Seq, list, nil)
		r.free()
		if err != nil {
			refused++
			if !strings.Contains(err.Error(), "the disk is full: free some space") || !strings.Contains(err.Error(), path) {
				t.Fatalf("append with room for %d writes: %v", room, err)
			}
		} else {
			head = next
		}
		if got, err := j.Verify(t.Context()); err != nil || got != head {
			t.Fatalf("after %d writes the journal ends at %v, %v, want %v", room, got, err, head)
		}
	}
	if refused < 10 || refused == 40 {
		t.Errorf("%d of 40 appends found the disk full", refused)
	}
	if _, err := j.Append(t.Context(), lease, head.Seq, records(1), nil); err != nil {
		t.Errorf("append once there is room: %v", err)
	}
}

// The kernel itself refuses to let a file grow, which needs no rights and no
// file system of the test's own.
func TestAnAppendThatTheKernelRefusesLosesNothing(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	lines, stop := child(t, "small files", path)
	var acks []store.Head
	for lines.Scan() {
		var head store.Head
		if n, _ := fmt.Sscanf(lines.Text(), "%d %s", &head.Seq, &head.Hash); n == 2 {
			acks = append(acks, head)
		}
	}
	said := stop()
	if len(acks) == 0 || !strings.Contains(said, "append to the journal "+path) || !strings.Contains(said, "look at the disk") {
		t.Errorf("after %d appends the process said %q", len(acks), said)
	}
	survives(t, path, acks)
}

func TestAJournalThatAnotherProcessHoldsIsReportedWithTheCure(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	head := written(t, path, 2)
	lines, stop := child(t, "hold", path)
	defer stop()
	if !lines.Scan() || lines.Text() != "locked" {
		t.Fatalf("the other process said %q: %s", lines.Text(), stop())
	}
	_, err := Open(t.Context(), path, Options{Busy: 50 * time.Millisecond})
	is(t, ErrLocked, path, "fuser", "end the program")(err)
	if got, err := mustOpen(t, path, Options{ReadOnly: true}).Verify(t.Context()); err != nil || got != head {
		t.Errorf("the lock keeps readers out: %v, %v", got, err)
	}
	stop()
	if _, err := mustOpen(t, path, Options{}).Verify(t.Context()); err != nil {
		t.Errorf("after the lock: %v", err)
	}
}

func TestAJournalThatMayOnlyBeReadIsLeftAloneWithTheCure(t *testing.T) {
	t.Parallel()
	for name, modes := range map[string][2]os.FileMode{
		"the file":   {0o755, 0o444},
		"the folder": {0o555, 0o666},
		"both":       {0o555, 0o444},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := newPath(t)
			written(t, path, 2)
			before := digest(t, path)
			// The test's own folders are private to its user.
			if err := errors.Join(os.Chmod(filepath.Dir(filepath.Dir(path)), 0o755), os.Chmod(path, modes[1]), os.Chmod(filepath.Dir(path), modes[0])); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = os.Chmod(filepath.Dir(path), 0o700) })
			_, stop := child(t, "nobody", path)
			said := stop()
			if !strings.Contains(said, path) || !strings.Contains(said, "give this user the right") {
				t.Errorf("it said %q", said)
			}
			if digest(t, path) != before {
				t.Error("the file was changed")
			}
		})
	}
}
