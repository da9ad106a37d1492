package postgres

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// process is a running server.
type process struct {
	pid   int
	ended chan struct{}
}

// launch starts cmd and returns when it runs. The kernel ties the life of the
// child to the thread that made it, hence the goroutine that keeps its own.
func launch(cmd *exec.Cmd) (*process, error) {
	started := make(chan error, 1)
	p := &process{ended: make(chan struct{})}
	go func() {
		runtime.LockOSThread()
		defer close(p.ended)
		if err := cmd.Start(); err != nil {
			started <- err
			return
		}
		p.pid = cmd.Process.Pid
		started <- nil
		// Its log says how it ended.
		_ = cmd.Wait()
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("starting %s: %w", cmd.Path, err)
	}
	return p, nil
}

// end sends a signal, unless it has ended, and waits until it is gone.
func (p *process) end(s syscall.Signal) {
	select {
	case <-p.ended:
		return
	default:
	}
	_ = syscall.Kill(p.pid, s)
	<-p.ended
}

// killAll ends a server and all its backends at once. The server is stopped
// first, so that it makes no more of them; without it, a busy backend would
// live on and keep the next start from succeeding.
func (p *process) killAll() error {
	select {
	case <-p.ended:
		return nil
	default:
	}
	if err := syscall.Kill(p.pid, syscall.SIGSTOP); err != nil {
		return fmt.Errorf("stopping the server: %w", err)
	}
	children, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", p.pid, p.pid))
	_ = syscall.Kill(p.pid, syscall.SIGKILL)
	<-p.ended
	if err != nil {
		return fmt.Errorf("listing the server's processes: %w", err)
	}
	var pids []int
	for _, child := range strings.Fields(string(children)) {
		if pid, err := strconv.Atoi(child); err == nil {
			_ = syscall.Kill(pid, syscall.SIGKILL)
			pids = append(pids, pid)
		}
	}
	return awaitGone(pids)
}

// awaitGone returns when killed processes have let go of their memory, which
// the next start must not find in use.
func awaitGone(pids []int) error {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(patience)
	for {
		pids = slices.DeleteFunc(pids, gone)
		if len(pids) == 0 {
			return nil
		}
		select {
		case <-tick.C:
		case <-deadline:
			return fmt.Errorf("processes %v did not end within %s of being killed", pids, patience)
		}
	}
}

// gone reports whether a process has ended, if only its parent does not know.
func gone(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return true
	}
	_, state, _ := strings.Cut(string(stat), ") ")
	return strings.HasPrefix(state, "Z") || strings.HasPrefix(state, "X")
}

// readable returns the end of a log, for messages.
func readable(path string) string {
	log, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	if len(log) > 2000 {
		log = log[len(log)-2000:]
	}
	return string(log)
}
