package pooler

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"cutover/internal/durable"
	"cutover/internal/pooler/console"
	"cutover/internal/release"
	"cutover/internal/snapshot"
)

// Reload puts the configuration of a release in the place of PgBouncer's file
// and has it read, or with Back what was there before. What PgBouncer refuses,
// or what would have it forget a database of the app, is taken back before the
// error is returned. Mode and owner of the file stay.
func (p *Pools) Reload(ctx context.Context, o release.PoolFileOrder) error {
	c, err := console.Open(ctx, o.Pooler.Console)
	if err != nil {
		return err
	}
	defer c.Close()
	f := &file{conn: c, path: o.Pooler.File.Path, kept: p.kept(o)}
	if o.Back {
		return f.back(ctx)
	}
	want, err := snapshot.ReadFrom(p.Files, o.Pooler.File.Content)
	if err != nil {
		return err
	}
	return f.forward(ctx, want, o.Databases)
}

// undoLimit bounds what is done after the time of an order is over: to have the
// configuration before read, or to see what was in the way.
const undoLimit = 5 * time.Second

// kept is where the content is kept that a release replaces.
func (p *Pools) kept(o release.PoolFileOrder) string { return filepath.Join(p.Path, o.App, o.Release) }

// file is a configuration file of PgBouncer.
type file struct {
	conn       *console.Conn
	path, kept string
}

// keep remembers what the file holds, unless an earlier try has. What former
// releases have kept is not needed any more.
func (f *file) keep() ([]byte, error) {
	had, err := os.ReadFile(f.kept)
	if err == nil || !errors.Is(err, os.ErrNotExist) {
		return had, err
	}
	if had, err = os.ReadFile(f.path); err != nil {
		return nil, fmt.Errorf("read PgBouncer's configuration: %w; correct database.pgbouncer.file.path", err)
	}
	if err := os.RemoveAll(filepath.Dir(f.kept)); err != nil {
		return nil, fmt.Errorf("remove what a former release kept: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(f.kept), 0o700); err != nil {
		return nil, fmt.Errorf("keep PgBouncer's configuration: %w", err)
	}
	return had, durable.WriteFile(f.kept, had, 0o600)
}

// same reports whether the file holds that already and no try of this release
// has put it there.
func (f *file) same(want []byte) bool {
	_, kept := os.Stat(f.kept)
	has, err := os.ReadFile(f.path)
	return errors.Is(kept, os.ErrNotExist) && err == nil && bytes.Equal(has, want)
}

func (f *file) forward(ctx context.Context, want []byte, names []string) error {
	if f.same(want) {
		return nil
	}
	had, err := f.keep()
	if err != nil {
		return err
	}
	err = f.load(ctx, slices.Concat(want, []byte(ending)))
	if err == nil {
		err = f.knows(ctx, names)
	}
	if err == nil {
		err = f.load(ctx, want)
	}
	if err == nil {
		return nil
	}
	err = fmt.Errorf("PgBouncer does not take the new configuration: %w; it has the one before again", err)
	undo, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoLimit)
	defer cancel()
	return errors.Join(err, f.load(undo, had))
}

// load has PgBouncer read the file with another content.
func (f *file) load(ctx context.Context, text []byte) error {
	if err := f.replace(text); err != nil {
		return err
	}
	return f.conn.Do(ctx, "RELOAD")
}

// An older PgBouncer calls a RELOAD done although it has read the file only as
// far as the first mistake, with defaults for the rest. What it shall take is
// tried with one more database at its end: only if that is known then, all of
// it was read.
const (
	last   = "cutover-has-read-this"
	ending = "\n[databases]\n" + last + " = host=127.0.0.1 port=1 dbname=none\n"
)

// knows sees that all was read, and that no database of the app was forgotten.
func (f *file) knows(ctx context.Context, names []string) error {
	if _, err := databases(ctx, f.conn, []string{last}); err != nil {
		return errors.New("there is a mistake in it, which PgBouncer's log names")
	}
	list, err := databases(ctx, f.conn, names)
	if err == nil && len(list) < len(names) {
		err = fmt.Errorf("it would not know all of the databases %v any more", names)
	}
	return err
}

func (f *file) back(ctx context.Context) error {
	had, err := os.ReadFile(f.kept)
	if errors.Is(err, os.ErrNotExist) {
		return nil // it was never replaced, or is back already
	}
	if err != nil {
		return fmt.Errorf("read what PgBouncer's configuration was: %w", err)
	}
	if err := f.load(ctx, had); err != nil {
		return err
	}
	return os.Remove(f.kept)
}
