package record

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// File takes requests, one a line. When it is full it becomes PATH.1, the one
// before that PATH.2 and so on, and the oldest goes. It is used by one
// goroutine at a time.
type File struct {
	path  string
	limit int64
	keep  int
	file  *os.File
	size  int64
}

// maxLine bounds one request in a file.
const maxLine = 128 << 10

// Create opens a file for requests, with mode 0600, and goes on behind what is
// there. limit bounds its bytes, keep how many full ones stay beside it.
func Create(path string, limit int64, keep int) (*File, error) {
	f := &File{path: path, limit: max(limit, maxLine), keep: max(keep, 0)}
	return f, f.open()
}

func (f *File) open() error {
	file, err := os.OpenFile(f.path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("open the recording: %w", err)
	}
	info, err := file.Stat()
	if err == nil {
		err = file.Chmod(0o600)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("protect the recording: %w", err), file.Close())
	}
	f.file, f.size = file, info.Size()
	return nil
}

// Write keeps a request. One that is larger than 128 KiB is an error.
func (f *File) Write(r Request) error {
	line, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("write a request: %w", err)
	}
	if line = append(line, '\n'); len(line) > maxLine {
		return fmt.Errorf("write a request: it has %d bytes, a recording takes %d", len(line), maxLine)
	}
	if f.size > 0 && f.size+int64(len(line)) > f.limit {
		if err := f.rotate(); err != nil {
			return err
		}
	}
	n, err := f.file.Write(line)
	f.size += int64(n)
	if err != nil {
		return fmt.Errorf("write a request: %w", err)
	}
	return nil
}

func (f *File) rotate() error {
	if err := f.file.Close(); err != nil {
		return fmt.Errorf("close the full recording: %w", err)
	}
	err := os.Remove(f.numbered(f.keep))
	for n := f.keep; n > 0 && (err == nil || errors.Is(err, fs.ErrNotExist)); n-- {
		err = os.Rename(f.numbered(n-1), f.numbered(n))
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("put the full recording aside: %w", err)
	}
	return f.open()
}

func (f *File) numbered(n int) string {
	if n == 0 {
		return f.path
	}
	return fmt.Sprintf("%s.%d", f.path, n)
}

// Close ends the recording.
func (f *File) Close() error { return f.file.Close() }

// Read calls take with each request of a recording, until it returns an error
// or the end. An error names the line that cannot be read.
func Read(from io.Reader, take func(Request) error) error {
	lines := bufio.NewScanner(from)
	lines.Buffer(make([]byte, 0, 64<<10), maxLine+1)
	for n := 1; lines.Scan(); n++ {
		var r Request
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			return fmt.Errorf("read line %d of the recording: %w", n, err)
		}
		if err := take(r); err != nil {
			return err
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("read the recording: %w", err)
	}
	return nil
}
