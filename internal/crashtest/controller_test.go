package crashtest

import (
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"cutover/internal/api"
)

// controller is a control plane as a process of its own.
type controller struct {
	stage  *stage
	cmd    *exec.Cmd
	client *api.Client
	// ended is closed when the process is gone.
	ended chan struct{}
}

// goRace spares every process the second that the race detector otherwise
// waits at its end.
const goRace = "atexit_sleep_ms=0"

// start runs the test binary as one of its programs.
func (s *stage) start(args ...string) *controller {
	s.t.Helper()
	log, err := os.OpenFile(filepath.Join(s.dir, "control.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		s.t.Fatal(err)
	}
	defer log.Close()
	c := &controller{stage: s, cmd: exec.Command(os.Args[0], args...), client: s.client(), ended: make(chan struct{})}
	c.cmd.Env = append(os.Environ(), markVariable+"="+s.mark, "GORACE="+goRace)
	c.cmd.Stdout, c.cmd.Stderr = log, log
	if err := c.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	go func() {
		defer close(c.ended)
		// How it ended is read from ProcessState.
		_ = c.cmd.Wait()
	}()
	return c
}

// alive reports whether the process runs.
func (c *controller) alive() bool {
	select {
	case <-c.ended:
		return false
	default:
		return true
	}
}

// end signals the process and waits until it is gone.
func (c *controller) end(signal syscall.Signal) {
	c.stage.t.Helper()
	if err := c.cmd.Process.Signal(signal); err != nil {
		c.stage.t.Fatalf("send %v to the controller: %v", signal, err)
	}
	select {
	case <-c.ended:
	case <-time.After(5 * time.Minute):
		c.stage.t.Fatalf("the controller lives 30 s after %v", signal)
	}
}

// bowOut ends the controller as systemd would, which it must do without error.
func (c *controller) bowOut() {
	c.stage.t.Helper()
	c.end(syscall.SIGTERM)
	if code := c.cmd.ProcessState.ExitCode(); code != 0 {
		c.stage.t.Errorf("the controller ended with %v after SIGTERM", c.cmd.ProcessState)
	}
}

// killed reports whether the process ended by SIGKILL.
func (c *controller) killed() bool {
	status, ok := c.cmd.ProcessState.Sys().(syscall.WaitStatus)
	return ok && status.Signaled() && status.Signal() == syscall.SIGKILL
}
