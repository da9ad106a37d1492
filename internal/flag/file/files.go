// Package file tells apps of their flags by files that cutover writes and the
// apps read, or watch.
package file

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"cutover/internal/durable"
	"cutover/internal/flag/fence"
	"cutover/internal/release"
)

// Files writes files of flags. A file is cutover's own: it holds the flags that
// share it and nothing else, and is replaced as a whole, so that whoever reads
// it finds the old content or the new one.
type Files struct {
	// Fences remembers the newest orders.
	Fences fence.Book
}

// maxFile is the longest file that is looked into, in bytes.
const maxFile = 1 << 20

// private is the mode of a file that asks for none.
const private = 0o600

// Observe implements flag.Member.
func (Files) Observe(_ context.Context, order release.FlagOrder) (release.FlagWorld, error) {
	want, err := render(*order.Flag.File, order.All)
	if err != nil {
		return release.FlagWorld{}, err
	}
	info, err := os.Lstat(order.Flag.File.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return release.FlagWorld{Known: true}, nil
	}
	if err != nil {
		return release.FlagWorld{}, fmt.Errorf("look at the file: %w", err)
	}
	if !info.Mode().IsRegular() || info.Size() != int64(len(want)) || info.Mode().Perm() != mode(*order.Flag.File) {
		return release.FlagWorld{Known: true}, nil
	}
	have, err := os.ReadFile(order.Flag.File.Path)
	if err != nil {
		return release.FlagWorld{}, fmt.Errorf("look at the file: %w", err)
	}
	return release.FlagWorld{Known: true, Told: bytes.Equal(have, want)}, nil
}

// Tell implements flag.Member. What is there already is left alone.
func (f Files) Tell(ctx context.Context, order release.FlagOrder) error {
	held, err := f.Fences.Hold(ctx, order.Stamp)
	if err != nil {
		return err
	}
	defer held.Release()
	if seen, err := f.Observe(ctx, order); err == nil && seen.Told {
		return nil
	}
	if err := own(*order.Flag.File); err != nil {
		return err
	}
	text, err := render(*order.Flag.File, order.All)
	if err != nil {
		return err
	}
	return durable.WriteFile(order.Flag.File.Path, text, mode(*order.Flag.File))
}

// Ready implements flag.Member.
func (Files) Ready(f release.Flag) error {
	folder := filepath.Dir(f.File.Path)
	info, err := os.Stat(folder)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("there is no folder %s: create it, or correct the path of the file", folder)
	case err != nil:
		return fmt.Errorf("look at the folder of the file: %w", err)
	case !info.IsDir():
		return fmt.Errorf("%s is not a folder: correct the path of the file", folder)
	}
	const writeAndEnter = 0o3
	if err := syscall.Access(folder, writeAndEnter); err != nil {
		return fmt.Errorf("cutover cannot write into %s (%w): let its user write there, or name another file", folder, err)
	}
	return own(*f.File)
}

// own makes sure that a file which is there may be replaced: cutover wrote it,
// or it is empty.
func own(f release.FlagFile) error {
	info, err := os.Lstat(f.Path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("look at the file: %w", err)
	case !info.Mode().IsRegular():
		return fmt.Errorf("%s is no regular file: move it away, or name another one", f.Path)
	case info.Size() > maxFile:
		return foreign(f)
	}
	text, err := os.ReadFile(f.Path)
	if err != nil {
		return fmt.Errorf("look at the file: %w", err)
	}
	if len(bytes.TrimSpace(text)) > 0 && !written(text) {
		return foreign(f)
	}
	return nil
}

func foreign(f release.FlagFile) error {
	return fmt.Errorf("%s holds something that cutover has not written, and would be replaced: move it away, or name a file that is for cutover alone", f.Path)
}

func mode(f release.FlagFile) fs.FileMode {
	if f.Mode == 0 {
		return private
	}
	return fs.FileMode(f.Mode).Perm()
}
