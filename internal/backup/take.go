package backup

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"cutover/internal/durable"
)

// Take dumps the database and returns when the dump and its record are safe on
// disk. Users are not hindered, but nobody can change or drop a table
// meanwhile. On an error, what was written is removed.
func (f Folder) Take(ctx context.Context, s Source) (Backup, error) {
	ctx, cancel := f.bounded(ctx)
	defer cancel()
	b, err := f.take(ctx, s)
	if err != nil {
		return Backup{}, fmt.Errorf("take a backup: %w", timely(ctx, err))
	}
	return b, nil
}

func (f Folder) take(ctx context.Context, s Source) (Backup, error) {
	began := f.now()
	at, err := s.parts()
	if err != nil {
		return Backup{}, err
	}
	if err := os.MkdirAll(f.Path, 0o700); err != nil {
		return Backup{}, fmt.Errorf("make the folder: %w", err)
	}
	snap, err := open(ctx, s)
	if err != nil {
		return Backup{}, err
	}
	defer snap.close()
	dump, err := find(ctx, "pg_dump", f.Programs, snap.version/10000)
	if err != nil {
		return Backup{}, err
	}
	b := Backup{
		Format: 1, Name: f.name(snap.database, began), Began: began.UTC().Truncate(time.Millisecond),
		Database: snap.database, Server: snap.name, Program: dump.version, Locale: snap.locale, Label: f.Label, folder: f.Path,
	}
	temp, err := f.dump(ctx, dump, at, snap.id)
	if err != nil {
		return Backup{}, err
	}
	if err := f.finish(ctx, &b, snap, temp); err != nil {
		return Backup{}, errors.Join(err, remove(temp), remove(b.Path()), remove(b.manifest()))
	}
	return b, nil
}

// dump writes the dump to a temporary file, whose path it returns.
func (f Folder) dump(ctx context.Context, p program, at place, snapshot string) (_ string, err error) {
	file, err := os.CreateTemp(f.Path, durable.TempPrefix)
	if err != nil {
		return "", fmt.Errorf("make the dump's file: %w", err)
	}
	temp := file.Name()
	defer func() {
		if err != nil {
			err = errors.Join(err, remove(temp))
		}
	}()
	if err := file.Close(); err != nil {
		return "", fmt.Errorf("make the dump's file: %w", err)
	}
	stop := f.watch(temp)
	defer stop()
	return temp, p.run(ctx, at, "--format=custom", "--file="+temp, "--snapshot="+snapshot,
		fmt.Sprintf("--lock-wait-timeout=%d", lockPatience.Milliseconds()))
}

// watch reports the file's size until it is stopped.
func (f Folder) watch(path string) (stop func()) {
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(300 * time.Millisecond)
		defer tick.Stop()
		for {
			if info, err := os.Stat(path); err == nil {
				f.progress(Progress{Stage: Dumping, Bytes: info.Size()})
			}
			select {
			case <-tick.C:
			case <-done:
				return
			}
		}
	}()
	return func() {
		close(done)
		<-ended
	}
}

// finish sums what was dumped and puts the dump and its record in place.
func (f Folder) finish(ctx context.Context, b *Backup, snap *snapshot, temp string) (err error) {
	if b.Content, err = sum(ctx, snap.tx, snap.tables, f.progress); err != nil {
		return err
	}
	f.progress(Progress{Stage: Hashing})
	if b.SHA256, b.Size, err = settle(ctx, temp); err != nil {
		return err
	}
	if err := os.Rename(temp, b.Path()); err != nil {
		return fmt.Errorf("put the dump in place: %w", err)
	}
	if err := durable.SyncFolder(f.Path); err != nil {
		return err
	}
	b.Took = f.now().Sub(b.Began).Milliseconds()
	data, err := b.encode()
	if err != nil {
		return err
	}
	return durable.WriteFile(b.manifest(), data, 0o600)
}

// settle makes the file survive a power failure and returns its hash and size.
func settle(ctx context.Context, path string) (string, int64, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", 0, fmt.Errorf("read the dump: %w", err)
	}
	defer func() { _ = file.Close() }()
	if err := file.Sync(); err != nil {
		return "", 0, fmt.Errorf("sync the dump: %w", err)
	}
	return hash(ctx, file)
}

func hash(ctx context.Context, r io.Reader) (string, int64, error) {
	h := sha256.New()
	n, err := io.Copy(h, interruptible{ctx, r})
	if err != nil {
		return "", 0, fmt.Errorf("read the dump: %w", err)
	}
	return hex.EncodeToString(h.Sum(nil)), n, nil
}

// interruptible stops reading when its context ends.
type interruptible struct {
	ctx context.Context
	io.Reader
}

// Read implements io.Reader.
func (r interruptible) Read(p []byte) (int, error) {
	if r.ctx.Err() != nil {
		return 0, context.Cause(r.ctx)
	}
	return r.Reader.Read(p)
}

// name makes a backup's name: database, time and a few letters.
func (f Folder) name(database string, at time.Time) string {
	safe := strings.Map(func(r rune) rune {
		if r == '_' || r == '-' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
			return r
		}
		return '_'
	}, database)
	return fmt.Sprintf("%s-%s-%s", safe, at.UTC().Format("20060102T150405Z"), random())
}

// remove removes a file that may not be there.
func remove(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("remove %s: %w", filepath.Base(path), err)
	}
	return nil
}
