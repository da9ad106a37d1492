package notary

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"cutover/internal/durable"
	"cutover/internal/store"
)

// List is the path of a file with signed statements, one a line, the oldest
// first. It is only ever appended to.
type List string

// most bounds what is read; a statement takes about 300 bytes.
const most = 1 << 30

// Lines returns the lines of the list; none, without an error, if there is no
// file. A last line that was not completed is left out.
func (l List) Lines() ([]string, error) {
	f, err := os.Open(string(l))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the signed checkpoints: %w", err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, most))
	if err != nil {
		return nil, fmt.Errorf("read the signed checkpoints %s: %w", l, err)
	}
	text = text[:bytes.LastIndexByte(text, '\n')+1]
	return strings.Split(string(text), "\n")[:bytes.Count(text, []byte("\n"))], nil
}

// Statements returns what the list says. It is a *store.CorruptError that
// names the line if one was not signed with the key.
func (l List) Statements(v Verifier) ([]Statement, error) {
	lines, err := l.Lines()
	if err != nil {
		return nil, err
	}
	list := make([]Statement, 0, len(lines))
	for i, line := range lines {
		s, err := v.Read(line)
		if err != nil {
			return list, &store.CorruptError{Place: fmt.Sprintf("%s, line %d", l, i+1), Reason: err.Error(),
				Cure: "name the key that signed it, or put the right file back"}
		}
		list = append(list, s)
	}
	return list, nil
}

// Append adds lines at the end and syncs. What a power cut has left of an
// incomplete line is cut off first.
func (l List) Append(lines ...string) (err error) {
	if len(lines) == 0 {
		return nil
	}
	f, err := os.OpenFile(string(l), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("write the signed checkpoints: %w", err)
	}
	defer func() {
		if err = errors.Join(err, f.Close()); err != nil {
			err = fmt.Errorf("write the signed checkpoints %s: %w", l, err)
		}
	}()
	end, err := whole(f)
	if err != nil {
		return err
	}
	if err := f.Truncate(end); err != nil {
		return err
	}
	if _, err := f.WriteAt([]byte(strings.Join(lines, "\n")+"\n"), end); err != nil {
		return err
	}
	if err := f.Sync(); err != nil || end > 0 {
		return err
	}
	return durable.SyncFolder(filepath.Dir(string(l)))
}

// whole returns where the last complete line ends.
func whole(f *os.File) (int64, error) {
	const longest = 4096
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil || size == 0 {
		return 0, err
	}
	from := max(size-longest, 0)
	tail := make([]byte, size-from)
	if _, err := f.ReadAt(tail, from); err != nil {
		return 0, err
	}
	end := bytes.LastIndexByte(tail, '\n') + 1
	if end == 0 && from > 0 {
		return 0, errors.New("its end is not a signed checkpoint: put the right file back, or move it aside")
	}
	return from + int64(end), nil
}
