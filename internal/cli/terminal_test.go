package cli_test

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// terminal is a pseudo-terminal, 90 columns wide, and what was written to it.
type terminal struct {
	mu   sync.Mutex
	text strings.Builder
	done chan struct{}
}

// start runs a program with its output on a new terminal.
func (h *house) start(cmd *exec.Cmd) *terminal {
	h.t.Helper()
	ours, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		h.t.Fatal(err)
	}
	theirs, err := otherEnd(ours)
	if err != nil {
		h.t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = theirs, theirs
	if err := cmd.Start(); err != nil {
		h.t.Fatal(err)
	}
	theirs.Close()
	screen := &terminal{done: make(chan struct{})}
	go func() {
		defer close(screen.done)
		// It ends with an error when nobody has the other end open any more.
		_, _ = io.Copy(screen, ours)
		ours.Close()
	}()
	return screen
}

func otherEnd(ours *os.File) (*os.File, error) {
	fd := int(ours.Fd())
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		return nil, fmt.Errorf("unlock the terminal: %w", err)
	}
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		return nil, fmt.Errorf("number of the terminal: %w", err)
	}
	if err := unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: 40, Col: 90}); err != nil {
		return nil, fmt.Errorf("size of the terminal: %w", err)
	}
	return os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|syscall.O_NOCTTY, 0)
}

// Write takes what the program wrote.
func (s *terminal) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

func (s *terminal) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

func TestOnATerminalADeploymentIsDrawnAnewAndEndsWithASummary(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.must(0, "deploy", "-f", "app.yaml", "-f", "v1.yaml")
	cmd := h.command("deploy", "-f", "app.yaml", "-f", "v2.yaml")
	screen := h.start(cmd)
	await(t, "the split of the first step", func() bool { return strings.Contains(screen.String(), "10% on v2 (green)") })
	h.must(0, "promote", "shop")
	_ = cmd.Wait()
	<-screen.done
	said := screen.String()
	if code := cmd.ProcessState.ExitCode(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	for _, want := range []string{"\x1b[J", "\x1b[1mshop-v2\x1b[0m", "█", "Ctrl-C leaves this view; the release goes on", "standby"} {
		if !strings.Contains(said, want) {
			t.Errorf("%q is not on the terminal", want)
		}
	}
	for line := range strings.Lines(said) {
		if n := columns(line); n > 90 && !strings.Contains(line, "warning:") && strings.Contains(said[strings.Index(said, line):], "Ctrl-C") {
			t.Errorf("a line that is drawn anew has %d columns: %s", n, line)
		}
	}
	if end := said[strings.LastIndex(said, "\x1b[J"):]; strings.Contains(end, "Ctrl-C") || !strings.Contains(end, "way back") {
		t.Errorf("it does not end with the summary alone:\n%s", end)
	}
}

// columns counts what shows of a line: no colours, no movements of the cursor.
func columns(line string) int {
	n, escaped := 0, false
	for _, r := range strings.TrimRight(line, "\r\n") {
		switch {
		case r == '\x1b':
			escaped = true
		case escaped:
			escaped = r == '[' || r >= '0' && r <= '9' || r == ';'
		default:
			n++
		}
	}
	return n
}
