package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"cutover/internal/audit"
	"cutover/internal/store"
)

// Options say how a journal is opened. The zero value opens it to write.
type Options struct {
	// ReadOnly opens an existing journal to read and verify only. The file is
	// checked for being a journal, its records are not: Verify names the
	// first bad one.
	ReadOnly bool
	// Busy is how long to wait for another process's lock before ErrLocked;
	// 0 means 5 seconds.
	Busy time.Duration
	// CheckpointEvery is how many records may be written before the
	// checkpoint follows; 0 means 1. It follows at Close in any case. What it
	// does not cover yet could be cut off unnoticed.
	CheckpointEvery int
}

func (o Options) busy() time.Duration {
	if o.Busy <= 0 {
		return 5 * time.Second
	}
	return o.Busy
}

// Open opens the journal at path; for writing it makes it, with its folder,
// if there is none. The file must be a journal of this program or an older
// one, its schema untouched, its last records and its checkpoint in order:
// else it returns ErrForeign, ErrNewer, ErrLocked, a *store.CorruptError or
// what the system said, each with place and cure, and leaves the file alone.
func Open(ctx context.Context, path string, o Options) (*Journal, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("open the journal: %w", err)
	}
	steps, err := migrations()
	if err != nil {
		return nil, fmt.Errorf("open the journal %s: %w", path, err)
	}
	if err := ensure(ctx, path, o, steps); err != nil {
		return nil, err
	}
	version, err := inspect(ctx, path, o.busy(), steps)
	if err != nil {
		return nil, err
	}
	if o.ReadOnly && version < len(steps) {
		return nil, fmt.Errorf("open the journal %s: its schema %d is older than this program's %d: let the controller open it once", path, version, len(steps))
	}
	j, err := connect(path, o)
	if err != nil {
		return nil, explain(ctx, "open the journal", path, err)
	}
	if !o.ReadOnly {
		if err := j.prepare(ctx, steps); err != nil {
			return nil, errors.Join(err, j.leave())
		}
	}
	return j, nil
}

// leave closes a journal that was refused and changes nothing by it. The
// last connection to close brings the WAL into the file and removes it, damaged
// parts and all; one that can only read does not. Therefore a reader goes last.
func (j *Journal) leave() error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	// Where even this cannot be read, the writer cannot bring anything in either.
	_, _ = readHead(ctx, j.reader)
	return errors.Join(j.writer.Close(), j.reader.Close())
}

// ensure makes the journal if there is none and there never was one.
func ensure(ctx context.Context, path string, o Options, steps []string) error {
	_, err := os.Stat(path)
	if err == nil {
		return nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("open the journal: %w: name another path, or give this user the right to reach it", err)
	}
	if _, err := audit.CheckpointOf(path).Reach(store.Start(), nil); err != nil {
		return explain(ctx, "open the journal", path, err)
	}
	if o.ReadOnly {
		return fmt.Errorf("open the journal: %w: nothing has been recorded there yet, or the path is wrong", err)
	}
	return create(ctx, path, o.busy(), steps)
}

func connect(path string, o Options) (*Journal, error) {
	j := &Journal{path: path, checkpoint: audit.CheckpointOf(path), every: int64(max(o.CheckpointEvery, 1))}
	var err error
	if j.reader, err = openReader(path, o.busy()); err != nil || o.ReadOnly {
		return j, err
	}
	j.writer, err = openWriter(path, o.busy())
	return j, err
}

// prepare makes a journal ready to be written to.
func (j *Journal) prepare(ctx context.Context, steps []string) error {
	if err := durable(ctx, j.writer); err != nil {
		return explain(ctx, "open the journal", j.path, err)
	}
	if err := migrate(ctx, j.writer, steps); err != nil {
		return explain(ctx, "bring the schema up to date of the journal", j.path, err)
	}
	if err := j.resume(ctx); err != nil {
		return err
	}
	return sweep(j.path, time.Now().Add(-stale))
}
