package sqlite

import (
	"bytes"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"cutover/internal/audit"
	"cutover/internal/store"
)

// tamper changes a journal as someone with the file and time would: without
// the triggers, which are put back.
func tamper(t *testing.T, path string, statements ...string) {
	t.Helper()
	db := raw(t, path)
	defer db.Close()
	triggers := make(map[string]string)
	rows, err := db.QueryContext(t.Context(), "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'")
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		var name, text string
		if err := rows.Scan(&name, &text); err != nil {
			t.Fatal(err)
		}
		triggers[name] = text
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		t.Fatal(err)
	}
	for name := range triggers {
		mustExec(t, db, "DROP TRIGGER "+name)
	}
	for _, s := range statements {
		mustExec(t, db, s)
	}
	for _, text := range triggers {
		mustExec(t, db, text)
	}
}

func mustExec(t *testing.T, db *sql.DB, statement string) {
	t.Helper()
	if _, err := db.ExecContext(t.Context(), statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

// corrupt fails the test unless err names the place, the record, the reason
// and a cure.
func corrupt(t *testing.T, err error, path string, seq int64, reason string) {
	t.Helper()
	var bad *store.CorruptError
	if !errors.As(err, &bad) {
		t.Errorf("got %v, want a corrupt record %d", err, seq)
		return
	}
	if bad.Seq != seq || bad.Place != path || bad.Cure == "" || !strings.Contains(bad.Reason, reason) {
		t.Errorf("got place %q, record %d, reason %q, cure %q,\nwant place %q, record %d, reason with %q",
			bad.Place, bad.Seq, bad.Reason, bad.Cure, path, seq, reason)
	}
}

const reseal = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

func TestVerifyNamesTheFirstBadRecord(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name       string
		statements []string
		seq        int64
		reason     string
	}{
		{"edited data", []string{`UPDATE event SET data = CAST('{"n":0}' AS BLOB) WHERE seq = 4`}, 4, "content does not match"},
		{"edited time", []string{"UPDATE event SET at = at + 1 WHERE seq = 4"}, 4, "content does not match"},
		{"two edits", []string{"UPDATE event SET actor = 'bob' WHERE seq IN (3, 7)"}, 3, "content does not match"},
		{"edited hash", []string{"UPDATE event SET hash = '" + reseal + "' WHERE seq = 4"}, 4, "content does not match"},
		{"edited previous hash", []string{"UPDATE event SET prev_hash = '" + reseal + "' WHERE seq = 4"}, 4, "content does not match"},
		{"deleted first", []string{"DELETE FROM event WHERE seq = 1"}, 1, "missing"},
		{"deleted middle", []string{"DELETE FROM event WHERE seq = 4"}, 4, "missing"},
		{"deleted middle and closed the gap", []string{
			"DELETE FROM event WHERE seq = 4", "UPDATE event SET seq = seq - 1 WHERE seq > 4"}, 4, "content does not match"},
		{"swapped rows", []string{
			"UPDATE event SET seq = -4 WHERE seq = 4", "UPDATE event SET seq = 4 WHERE seq = 5", "UPDATE event SET seq = 5 WHERE seq = -4"}, 4, "content does not match"},
		{"truncated tail", []string{"DELETE FROM event WHERE seq > 7"}, 8, "missing: the journal ends at record 7"},
		{"emptied", []string{"DELETE FROM event", "DELETE FROM state"}, 1, "missing: the journal ends at record 0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			path := newPath(t)
			written(t, path, 10)
			tamper(t, path, c.statements...)
			before := digest(t, path)

			// All of it lies within the tail, so that a writer refuses as well.
			_, err := Open(t.Context(), path, Options{})
			corrupt(t, err, path, c.seq, c.reason)
			if digest(t, path) != before {
				t.Error("the refused file was changed")
			}
			reader := mustOpen(t, path, Options{ReadOnly: true})
			_, err = reader.Verify(t.Context())
			corrupt(t, err, path, c.seq, c.reason)
		})
	}
}

func TestAnOldBadRecordIsFoundByVerifyAndNotByOpen(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	written(t, path, tail+10)
	tamper(t, path, "UPDATE event SET actor = 'bob' WHERE seq = 5")
	j := mustOpen(t, path, Options{})
	_, err := j.Verify(t.Context())
	corrupt(t, err, path, 5, "content does not match")
}

func TestARecordForgedWithANewHashBreaksTheChain(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	written(t, path, 6)
	forge(t, path, 4, 4)
	_, err := mustOpen(t, path, Options{ReadOnly: true}).Verify(t.Context())
	corrupt(t, err, path, 5, "does not continue record 4")
}

func TestAChainForgedToItsEndDoesNotMatchTheCheckpoint(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	written(t, path, 6)
	forge(t, path, 4, 6)
	_, err := mustOpen(t, path, Options{ReadOnly: true}).Verify(t.Context())
	corrupt(t, err, path, 6, "not the record the checkpoint")
	_, err = Open(t.Context(), path, Options{})
	corrupt(t, err, path, 6, "not the record the checkpoint")
}

// forge changes the actor of record from and builds the chain anew up to
// record to.
func forge(t *testing.T, path string, from, to int64) {
	t.Helper()
	reader, err := Open(t.Context(), path, Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	list, err := reader.Records(t.Context(), store.Query{})
	if err := errors.Join(err, reader.Close()); err != nil {
		t.Fatal(err)
	}
	var statements []string
	for i := from - 1; i < to; i++ {
		r := list[i]
		r.Actor = "mallory"
		store.Seal(list[i-1].Hash, &r)
		list[i] = r
		statements = append(statements, fmt.Sprintf(
			"UPDATE event SET actor = 'mallory', prev_hash = '%s', hash = '%s' WHERE seq = %d", r.PrevHash, r.Hash, r.Seq))
	}
	tamper(t, path, statements...)
}

func TestAnOlderCopyPutBackIsNoticedAndTheLossCanBeAccepted(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	older := written(t, path, 4)
	saved, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	written(t, path, 3)
	if err := os.WriteFile(path, saved, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = Open(t.Context(), path, Options{})
	corrupt(t, err, path, 5, "ends at record 4, but the checkpoint")

	acceptLoss(t, path, err)
	j := mustOpen(t, path, Options{})
	if got, err := j.Verify(t.Context()); err != nil || got != older {
		t.Errorf("verified %v, %v, want %v", got, err, older)
	}
	if got := checkpointOf(t, path); got != older {
		t.Errorf("the new checkpoint is %v, want %v", got, older)
	}
}

func TestStatesOfLostRecordsGoWhenTheLossIsAccepted(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	written(t, path, 6)
	tamper(t, path, "DELETE FROM event WHERE seq > 4")
	_, err := Open(t.Context(), path, Options{})
	acceptLoss(t, path, err)

	// A reader may not repair, so it still sees what is ahead.
	reader, err := Open(t.Context(), path, Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	_, err = reader.Verify(t.Context())
	corrupt(t, err, path, 5, "state app/shop is folded up to record 6")
	if err := reader.Close(); err != nil {
		t.Fatal(err)
	}
	j := mustOpen(t, path, Options{})
	if got, err := j.Verify(t.Context()); err != nil || got.Seq != 4 {
		t.Errorf("verified %v, %v", got, err)
	}
	if got, err := j.States(t.Context(), ""); err != nil || len(got) != 0 {
		t.Errorf("states are %v, %v", got, err)
	}
}

// acceptLoss does what the cure in err comes down to.
func acceptLoss(t *testing.T, path string, err error) {
	t.Helper()
	file := string(audit.CheckpointOf(path))
	if err == nil || !strings.Contains(err.Error(), "cutover journal accept") {
		t.Fatalf("the cure is not in %v", err)
	}
	if err := os.Rename(file, file+".aside"); err != nil {
		t.Fatal(err)
	}
}

func TestACopyOfTheCheckpointVouchesToo(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	head := written(t, path, 5)
	kept := audit.CheckpointFile(t.TempDir() + "/kept.checkpoint")
	if err := kept.Advance(head); err != nil {
		t.Fatal(err)
	}
	tamper(t, path, "DELETE FROM event WHERE seq = 5", "DELETE FROM state")
	if err := os.Remove(string(audit.CheckpointOf(path))); err != nil {
		t.Fatal(err)
	}
	j := mustOpen(t, path, Options{ReadOnly: true})
	if report, err := j.Audit(t.Context()); err != nil || report.Checkpoint != nil {
		t.Errorf("without a checkpoint: %+v, %v", report, err)
	}
	_, err := j.Audit(t.Context(), kept)
	corrupt(t, err, path, 5, "kept.checkpoint was written at record 5")
}

func TestADamagedPageIsReportedAndNotOverwritten(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	written(t, path, 200)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	// Every page but the one with the schema.
	const pageBytes = 4096
	for i := pageBytes; i < len(text); i++ {
		text[i] = 0xa5
	}
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = Open(t.Context(), path, Options{})
	corrupt(t, err, path, 0, "damaged")
	_, err = mustOpen(t, path, Options{ReadOnly: true}).Verify(t.Context())
	corrupt(t, err, path, 0, "damaged")
}

func TestDamageOutsideTheRecordsIsFound(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	written(t, path, 5)
	db := raw(t, path)
	mustExec(t, db, "PRAGMA writable_schema = 1")
	mustExec(t, db, "UPDATE sqlite_schema SET rootpage = (SELECT rootpage FROM sqlite_schema WHERE name = 'lease') WHERE name = 'event_by_release'")
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	_, err := mustOpen(t, path, Options{ReadOnly: true}).Verify(t.Context())
	corrupt(t, err, path, 0, "damaged")
}

func TestAReaderVerifiesWhileAControllerWrites(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	writer := mustOpen(t, path, Options{})
	head, lease := fill(t, writer, 3)
	reader := mustOpen(t, path, Options{ReadOnly: true})
	done := make(chan error, 1)
	go func() {
		for range 20 {
			var err error
			if head, err = writer.Append(t.Context(), lease, head.Seq, records(2), nil); err != nil {
				done <- err
				return
			}
		}
		done <- nil
	}()
	deadline := time.After(5 * time.Minute)
	for {
		if _, err := reader.Verify(t.Context()); err != nil {
			t.Errorf("verify beside a writer: %v", err)
		}
		select {
		case err := <-done:
			if err != nil {
				t.Error(err)
			}
			return
		case <-deadline:
			t.Fatal("the writer did not finish")
		default:
		}
	}
}

// digest may only be asked while this process has the file closed.
func digest(t *testing.T, path string) [32]byte {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return sha256.Sum256(bytes.Clone(text))
}
