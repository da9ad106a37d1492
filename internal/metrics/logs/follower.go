package logs

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"regexp"
	"strconv"
)

// What is read at once, of one log.
const (
	chunk = 64 << 10
	// maxLine is how much of a line is looked at.
	maxLine = 64 << 10
	// maxPoll bounds what one poll reads; what is left is for the next ones.
	maxPoll = 8 << 20
	// maxBehind is how far a log may be ahead before the rest is left out.
	maxBehind = 64 << 20
)

// follower counts the lines of one log that match, from the time it began. A
// file that is renamed is read to its end before the one in its place; one
// that is cut is read from its beginning.
type follower struct {
	path    string
	pattern *regexp.Regexp
	file    *os.File
	offset  int64
	// line is the beginning of a line whose end is not written yet.
	line []byte
	// long says that line is full and the rest of it is not looked at.
	long    bool
	matches float64
	// gaps counts what had to be left out: each begins an epoch.
	gaps int
}

// poll reads on and returns the count and its epoch.
func (f *follower) poll(ctx context.Context) (float64, string, error) {
	if f.file == nil {
		if err := f.open(true); err != nil {
			return 0, "", err
		}
	}
	budget := int64(maxPoll)
	if err := f.read(ctx, &budget); err != nil {
		return 0, "", err
	}
	replaced, err := f.replaced()
	if err == nil && replaced && budget > 0 {
		f.finish()
		if err = f.open(false); err == nil {
			err = f.read(ctx, &budget)
		}
	}
	if err != nil {
		return 0, "", err
	}
	return f.matches, strconv.Itoa(f.gaps), nil
}

// open opens the file that has the path now. What was in it before the watch
// is not counted.
func (f *follower) open(atEnd bool) error {
	info, err := os.Stat(f.path)
	if err != nil {
		return describe(err)
	}
	// Opening a pipe or a device could block for ever.
	if !info.Mode().IsRegular() {
		return errors.New("its log is not a regular file")
	}
	file, err := os.Open(f.path)
	if err != nil {
		return describe(err)
	}
	f.file, f.offset = file, 0
	if atEnd {
		f.offset = info.Size()
	}
	return nil
}

func describe(err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return errors.New("there is no log")
	case errors.Is(err, fs.ErrPermission):
		return errors.New("its log may not be read")
	}
	return fmt.Errorf("read its log: %w", err)
}

// replaced reports whether another file has the path by now. While there is
// none, as between the two steps of a rotation, the old one is kept.
func (f *follower) replaced() (bool, error) {
	there, err := os.Stat(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, describe(err)
	}
	have, err := f.file.Stat()
	if err != nil {
		return false, describe(err)
	}
	return !os.SameFile(there, have), nil
}

// read counts what was written since, within the budget.
func (f *follower) read(ctx context.Context, budget *int64) error {
	info, err := f.file.Stat()
	if err != nil {
		return describe(err)
	}
	if info.Size() < f.offset {
		// The file was cut: what it holds now is new.
		f.offset, f.line, f.long = 0, nil, false
	}
	if info.Size()-f.offset > maxBehind {
		f.offset, f.line, f.long = info.Size(), nil, false
		f.gaps++
	}
	buffer := make([]byte, chunk)
	for *budget > 0 {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, err := f.file.ReadAt(buffer, f.offset)
		f.offset += int64(n)
		*budget -= int64(n)
		f.take(buffer[:n])
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return describe(err)
		}
	}
	return nil
}

// take splits what was read into lines and counts.
func (f *follower) take(data []byte) {
	for len(data) > 0 {
		part, rest, ended := bytes.Cut(data, []byte{'\n'})
		if room := maxLine - len(f.line); !f.long {
			f.line = append(f.line, part[:min(len(part), room)]...)
			f.long = len(part) > room
		}
		if ended {
			f.count()
		}
		data = rest
	}
}

func (f *follower) count() {
	if f.pattern.Match(bytes.TrimSuffix(f.line, []byte{'\r'})) {
		f.matches++
	}
	f.line, f.long = f.line[:0], false
}

// finish ends the file that is open; a last line may lack its end.
func (f *follower) finish() {
	if len(f.line) > 0 {
		f.count()
	}
	f.close()
}

func (f *follower) close() {
	if f.file != nil {
		// It was only read: nothing can be lost.
		_ = f.file.Close()
		f.file = nil
	}
}
