package process

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"time"

	"cutover/internal/durable"
)

// children are the processes this controller launched itself: only of those
// does the system tell how they ended.
type children struct {
	mu sync.Mutex
	// ended has a channel for each pid that was not reaped yet; it is closed
	// when the end is on record.
	ended map[int]chan struct{}
}

func newChildren() *children { return &children{ended: map[int]chan struct{}{}} }

// reap waits for cmd in the background and calls note with how it ended.
func (c *children) reap(cmd *exec.Cmd, note func(pid int, how string)) {
	pid, done := cmd.Process.Pid, make(chan struct{})
	c.mu.Lock()
	c.ended[pid] = done
	c.mu.Unlock()
	go func() {
		// ProcessState says all there is to know; the error repeats it.
		_ = cmd.Wait()
		note(pid, describeEnd(cmd.ProcessState))
		c.mu.Lock()
		delete(c.ended, pid)
		c.mu.Unlock()
		close(done)
	}()
}

// settle waits until the end of pid is on record, if pid is a child that is
// known to have ended, but no longer than it should take.
func (c *children) settle(ctx context.Context, pid int) {
	c.mu.Lock()
	done := c.ended[pid]
	c.mu.Unlock()
	if done == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	select {
	case <-done:
	case <-ctx.Done():
	}
}

func describeEnd(s *os.ProcessState) string {
	if s == nil {
		return "ended"
	}
	if s.Exited() {
		return fmt.Sprintf("exit status %d", s.ExitCode())
	}
	return "ended by " + s.String()
}

// noteEnd records how a process of the slot ended. A slot that has been
// removed meanwhile wants no record.
func (p *Platform) noteEnd(s slot, pid int, how string) {
	run, found, err := s.run()
	if err != nil || !found || run.Pid != pid {
		return
	}
	end := slotEnd{Of: run.identity, At: p.opt.Now(), How: how}
	if err := durable.WriteRecord(s.endFile(), end); err != nil && !os.IsNotExist(err) {
		p.opt.Logger.Debug("the end of an instance was not recorded", "app", s.App, "instance", s.ID, "error", err)
	}
	p.opt.Logger.Info("instance ended", "app", s.App, "instance", s.ID, "how", how)
}
