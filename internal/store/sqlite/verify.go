package sqlite

import (
	"context"
	"database/sql"

	"cutover/internal/audit"
	"cutover/internal/store"
)

// tail is how many of the last records are checked when a journal is opened
// to be written to: what the next record builds on, at a cost that does not
// grow with the journal.
const tail = 64

// Verify checks the whole journal and the file beneath it. It may run while
// another process writes.
func (j *Journal) Verify(ctx context.Context) (store.Head, error) {
	report, err := j.Audit(ctx)
	return report.Head, err
}

// Audit is Verify with all that it found. Beside the journal's own checkpoint
// it heeds copies of it that were kept elsewhere.
func (j *Journal) Audit(ctx context.Context, copies ...audit.CheckpointFile) (audit.Report, error) {
	report, err := audit.Verify(ctx, audit.Trail{
		Source: j, Place: j.path, Checkpoints: append([]audit.CheckpointFile{j.checkpoint}, copies...),
	})
	if err != nil {
		return report, err
	}
	return report, j.sound(ctx)
}

// sound checks the file's own structure, which the records cannot show.
func (j *Journal) sound(ctx context.Context) error {
	var found string
	if err := j.reader.QueryRowContext(ctx, "PRAGMA integrity_check(1)").Scan(&found); err != nil {
		return explain(ctx, "verify the journal", j.path, err)
	}
	if found != "ok" {
		return &store.CorruptError{Place: j.path, Reason: "the file is damaged: " + found, Cure: restore}
	}
	return nil
}

// resume checks what the next append builds on, and brings the checkpoint up
// to it: a controller may have died between its last record and the
// checkpoint. It looks in one transaction, since another may be writing.
func (j *Journal) resume(ctx context.Context) error {
	var head store.Head
	err := j.change(ctx, "open the journal", func(tx *sql.Tx) error {
		var err error
		if head, err = checkTail(ctx, tx); err != nil {
			return err
		}
		known, err := j.checkpoint.Reach(head, func(seq int64) (store.Head, error) {
			return headAt(ctx, tx, seq)
		})
		if err != nil {
			return err
		}
		if !known {
			return forget(ctx, tx, head)
		}
		states, err := readStates(ctx, tx, "")
		if err != nil {
			return err
		}
		return audit.Ahead(head, states)
	})
	if err != nil {
		return err
	}
	j.wrote(head)
	return j.mark(1)
}

// checkTail follows the last records and returns the head they lead to.
func checkTail(ctx context.Context, q queryer) (store.Head, error) {
	last, err := readHead(ctx, q)
	if err != nil {
		return last, err
	}
	head, err := headAt(ctx, q, max(last.Seq-tail, 0))
	if err != nil {
		return head, err
	}
	records, err := readRecords(ctx, q, store.Query{After: head.Seq})
	if err != nil {
		return head, err
	}
	for _, r := range records {
		if head, err = store.Follow(head, r); err != nil {
			break
		}
	}
	return head, err
}

// headAt returns the head the journal had at record seq.
func headAt(ctx context.Context, q queryer, seq int64) (store.Head, error) {
	if seq == 0 {
		return store.Start(), nil
	}
	head, err := scanHead(ctx, q.QueryRowContext(ctx, "SELECT seq, hash FROM event WHERE seq = ?", seq))
	if err == nil && head.Seq != seq {
		err = &store.CorruptError{Seq: seq, Reason: "it is missing, but later ones are there"}
	}
	return head, err
}

// forget removes states that were folded from records which are gone. Without
// a checkpoint somebody accepted that loss, and the states can be folded
// again from what is left.
func forget(ctx context.Context, tx *sql.Tx, head store.Head) error {
	_, err := tx.ExecContext(ctx, "DELETE FROM state WHERE seq > ?", head.Seq)
	return err
}
