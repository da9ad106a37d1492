package testkit

import (
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// Process is a real process that a test started. It is killed, if it still
// runs, when the test ends.
type Process struct {
	t     testing.TB
	cmd   *exec.Cmd
	out   *output
	ended chan struct{}
}

// Start runs this test binary again in one of the roles given to Main, with
// env ("NAME=value") added to the environment.
func Start(t testing.TB, role string, env ...string) *Process {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = environ(role, env)
	out := &output{}
	cmd.Stdout, cmd.Stderr = out, out
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatalf("opening the standard input of %s: %v", role, err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatalf("starting %s: %v", role, err)
	}
	p := &Process{t: t, cmd: cmd, out: out, ended: make(chan struct{})}
	go func() {
		defer close(p.ended)
		// The exit code is read from ProcessState; an error here says nothing more.
		_ = cmd.Wait()
		_ = stdin.Close()
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-p.ended
	})
	return p
}

// Pid returns the process id.
func (p *Process) Pid() int { return p.cmd.Process.Pid }

// Term asks the process to end, by SIGTERM.
func (p *Process) Term() { p.signal(syscall.SIGTERM) }

// Kill ends the process at once, by SIGKILL, and returns when it is gone.
func (p *Process) Kill() {
	p.t.Helper()
	p.signal(syscall.SIGKILL)
	p.ExitCode()
}

func (p *Process) signal(s os.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Fatalf("sending %s to process %d: %v", s, p.Pid(), err)
	}
}

// ExitCode waits for the end of the process and returns its exit code, -1 if
// a signal ended it.
func (p *Process) ExitCode() int {
	p.t.Helper()
	Await(p.t, "the end of the process", func() bool {
		select {
		case <-p.ended:
			return true
		default:
			return false
		}
	})
	return p.cmd.ProcessState.ExitCode()
}

// Output returns what the process has written so far, both streams mixed.
func (p *Process) Output() string { return p.out.String() }

// Line waits for a line that begins with prefix and returns the rest of it.
func (p *Process) Line(prefix string) string {
	p.t.Helper()
	var rest string
	Await(p.t, "a line beginning with "+prefix, func() bool {
		for line := range strings.Lines(p.Output()) {
			found, ok := strings.CutPrefix(line, prefix)
			if ok && strings.HasSuffix(found, "\n") {
				rest = strings.TrimSuffix(found, "\n")
				return true
			}
		}
		return false
	})
	return rest
}

// output collects what a process writes.
type output struct {
	mu   sync.Mutex
	text strings.Builder
}

// Write implements io.Writer.
func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

// String returns everything written so far.
func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}
