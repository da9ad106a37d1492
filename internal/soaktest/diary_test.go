package soaktest

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"
)

// diary is what happened, with what must not have. Its methods may be called
// by many goroutines at once.
type diary struct {
	t     *testing.T
	began time.Time

	mu     sync.Mutex
	lines  []string
	broken []string
}

// lastLines is how much of the diary a soak that failed shows.
const lastLines = 50

// mostBroken bounds what is kept of things that break again and again.
const mostBroken = 200

func (d *diary) note(format string, args ...any) {
	line := fmt.Sprintf("%8.2fs  ", time.Since(d.began).Seconds()) + fmt.Sprintf(format, args...)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lines = append(d.lines, line)
	if testing.Verbose() {
		fmt.Println(line)
	}
}

// broke notes what must never happen. The soak goes on, and fails at its end.
func (d *diary) broke(format string, args ...any) {
	d.note("BROKEN  "+format, args...)
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.broken) < mostBroken {
		d.broken = append(d.broken, fmt.Sprintf("%.1fs: ", time.Since(d.began).Seconds())+fmt.Sprintf(format, args...))
	}
}

// trouble returns what broke.
func (d *diary) trouble() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]string{}, d.broken...)
}

// last returns the end of the diary.
func (d *diary) last() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return strings.Join(d.lines[max(len(d.lines)-lastLines, 0):], "\n")
}
