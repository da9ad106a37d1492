package nginx

import (
	"bufio"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"sync"
	"syscall"

	"cutover/internal/proxy/ledger"
	"cutover/internal/release"
)

// book counts what the log tells of one app, from the moment it is opened on.
// It reads on where it stopped, and goes along when the log is rotated.
type book struct {
	mu    sync.Mutex
	app   string
	path  string
	epoch string
	count ledger.Book
	// logs are the file of now and, before it, one that was moved away and may
	// still be written to.
	logs []*tail
}

// tail is a file that is read as it grows.
type tail struct {
	f    *os.File
	at   int64
	part string
	// rests counts the looks in a row that found nothing.
	rests int
}

// mostRead bounds what one look reads of a log; the next one goes on there.
const mostRead = 16 << 20

// patientLooks is how often a log that was moved away is looked at in vain
// before it is given up.
const patientLooks = 60

// openBook begins at the end of the log: what was before belongs to nobody.
func openBook(app, path string) (*book, error) {
	b := &book{app: app, path: path, epoch: rand.Text()}
	if err := b.follow(io.SeekEnd); err != nil {
		return nil, err
	}
	return b, nil
}

// read takes in what was written since the last time.
func (b *book) read() (string, release.Sides[ledger.Reading], error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var both release.Sides[ledger.Reading]
	for _, t := range b.logs {
		if err := b.take(t); err != nil {
			return "", both, fmt.Errorf("read the log %s: %w", b.path, err)
		}
	}
	if err := b.follow(io.SeekStart); err != nil {
		return "", both, err
	}
	for _, side := range []release.Side{release.Blue, release.Green} {
		*both.Of(side) = b.count.Of(b.app, side).Read()
	}
	return b.epoch, both, nil
}

// follow opens the log if there is another one than before.
func (b *book) follow(whence int) error {
	info, err := os.Stat(b.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // nginx has not made it yet, or makes it anew in a moment
	}
	if err != nil {
		return fmt.Errorf("read the log: %w", err)
	}
	if n := len(b.logs); n > 0 && sameFile(b.logs[n-1].f, info) {
		if n > 1 && b.logs[0].rests > patientLooks {
			_ = b.logs[0].f.Close()
			b.logs = b.logs[1:]
		}
		return nil
	}
	f, err := os.Open(b.path)
	if err != nil {
		return fmt.Errorf("read the log: %w: let the user of cutover read it", err)
	}
	t := &tail{f: f}
	if t.at, err = f.Seek(0, whence); err != nil {
		return errors.Join(fmt.Errorf("read the log: %w", err), f.Close())
	}
	b.logs = append(b.logs, t)
	if len(b.logs) > 2 {
		_ = b.logs[0].f.Close()
		b.logs = b.logs[1:]
	}
	return b.take(t)
}

func sameFile(f *os.File, info os.FileInfo) bool {
	have, err := f.Stat()
	return err == nil && os.SameFile(have, info)
}

func (b *book) take(t *tail) error {
	info, err := t.f.Stat()
	if err != nil {
		return err
	}
	if info.Size() < t.at {
		t.at, t.part = 0, "" // it was emptied in place
	}
	t.rests++
	r := bufio.NewReader(io.NewSectionReader(t.f, t.at, min(info.Size()-t.at, mostRead)))
	for {
		text, err := r.ReadString('\n')
		t.at += int64(len(text))
		if len(text) > 0 {
			t.rests = 0
		}
		if errors.Is(err, io.EOF) {
			t.part = tailOf(t.part + text)
			return nil
		}
		if err != nil {
			return err
		}
		line := t.part + strings.TrimSuffix(text, "\n")
		t.part = ""
		if rec, ok := parseLine(b.app, line); ok {
			b.enter(rec)
		}
	}
}

// tailOf keeps the beginning of a line that is not complete, if it can be one.
func tailOf(part string) string {
	if len(part) > 4096 {
		return ""
	}
	return part
}

// enter books a request that has ended.
func (b *book) enter(rec record) {
	e, ok := b.count.Of(b.app, rec.side).Open(ledger.Visitor{Client: rec.client}, func() bool { return true })
	if !ok {
		return
	}
	if rec.end.Status == 101 {
		e.Stream(rec.end.Status, 0, func() {})
	}
	e.Close(rec.end)
	if rec.cut {
		// For the users it is bad, whoever it was: those who leave do so on
		// both sides alike, and a version that breaks off must not look healthy.
		b.count.Count([]ledger.Event{{App: b.app, Side: rec.side, Client: rec.client, Status: rec.end.Status, Outcome: ledger.Lost, Took: rec.end.Took}})
	}
}

func (b *book) close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, t := range b.logs {
		_ = t.f.Close()
	}
	b.logs = nil
}

// isPermission reports whether the user of cutover may not do something.
func isPermission(err error) bool {
	return errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EPERM)
}
