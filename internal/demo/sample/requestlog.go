package sample

import (
	"bufio"
	"fmt"
	"os"
	"strings"
)

// requestLog appends one line for each request to a file. Each line is one
// write to a file opened for appending, made before the answer leaves: so
// instances may share the file, and one that is killed leaves no half line
// and no answered request without its line. There is deliberately no buffer
// in between.
type requestLog struct {
	file *os.File // nil: nothing is logged
}

// Entry is one line of a request log.
type Entry struct {
	ID, Method, Path, Version, Instance string
}

func openRequestLog(path string) (*requestLog, error) {
	if path == "" {
		return &requestLog{}, nil
	}
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("opening the request log; name a file that can be written: %w", err)
	}
	return &requestLog{file: file}, nil
}

// append records that a request was taken. It is safe for concurrent use.
func (l *requestLog) append(e Entry) error {
	if l.file == nil {
		return nil
	}
	line := strings.Join([]string{e.ID, e.Method, e.Path, e.Version, e.Instance}, "\t") + "\n"
	if _, err := l.file.WriteString(line); err != nil {
		return fmt.Errorf("writing the request log: %w", err)
	}
	return nil
}

func (l *requestLog) close() error {
	if l.file == nil {
		return nil
	}
	if err := l.file.Close(); err != nil {
		return fmt.Errorf("closing the request log: %w", err)
	}
	return nil
}

// ReadRequestLog returns the entries of a request log in the order they were
// written. A line that is not whole is an error.
func ReadRequestLog(path string) ([]Entry, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("reading the request log: %w", err)
	}
	defer file.Close()
	var all []Entry
	for lines := bufio.NewScanner(file); ; {
		if !lines.Scan() {
			return all, lines.Err()
		}
		f := strings.Split(lines.Text(), "\t")
		if len(f) != 5 {
			return all, fmt.Errorf("reading the request log: line %d has %d fields, want 5", len(all)+1, len(f))
		}
		all = append(all, Entry{ID: f[0], Method: f[1], Path: f[2], Version: f[3], Instance: f[4]})
	}
}
