// Package sqlite keeps the journal in one SQLite file: one writer at a time
// over all processes, any number of readers, and every append on disk before
// it returns. See DESIGN.md in the folder above.
package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"

	"cutover/internal/audit"
	"cutover/internal/store"
)

// Journal is an open journal. It may be used by several goroutines at once,
// and several processes may have the same file open.
type Journal struct {
	path       string
	writer     *sql.DB // nil if the journal was opened to read only
	reader     *sql.DB
	checkpoint audit.CheckpointFile
	every      int64

	// mu guards what is known of the checkpoint file.
	mu sync.Mutex
	// marked is the last record the checkpoint is known to cover, end the
	// last one this journal wrote.
	marked int64
	end    store.Head
}

var (
	_ store.Journal = (*Journal)(nil)
	_ store.Leases  = (*Journal)(nil)
	_ audit.Source  = (*Journal)(nil)
)

// ErrReadOnly means that the journal was opened with Options.ReadOnly.
var ErrReadOnly = errors.New("the journal was opened to read only")

// Close brings the checkpoint up to the last record this journal wrote and
// releases the file. The lease stays as it is: see Yield.
func (j *Journal) Close() error {
	// The writer goes last: only a connection that may write can bring the
	// WAL into the file.
	err := errors.Join(j.mark(1), j.reader.Close())
	if j.writer != nil {
		err = errors.Join(err, j.writer.Close())
	}
	if err != nil {
		return fmt.Errorf("close the journal %s: %w", j.path, err)
	}
	return nil
}

// wrote remembers the new end of the journal.
func (j *Journal) wrote(head store.Head) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if head.Seq > j.end.Seq {
		j.end = head
	}
}

// mark writes the checkpoint if it lags behind this journal's writes by at
// least so many records.
func (j *Journal) mark(atLeast int64) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.end.Seq-j.marked < atLeast {
		return nil
	}
	if err := j.checkpoint.Advance(j.end); err != nil {
		return err
	}
	j.marked = j.end.Seq
	return nil
}

// change runs do in one transaction that holds the write lock from its
// beginning, so that nothing do has read can change before it commits.
func (j *Journal) change(ctx context.Context, doing string, do func(*sql.Tx) error) error {
	if j.writer == nil {
		return fmt.Errorf("%s %s: %w", doing, j.path, ErrReadOnly)
	}
	tx, err := j.writer.BeginTx(ctx, nil)
	if err != nil {
		return explain(ctx, doing, j.path, err)
	}
	defer tx.Rollback()
	if err := do(tx); err != nil {
		return explain(ctx, doing, j.path, err)
	}
	return explain(ctx, doing, j.path, tx.Commit())
}
