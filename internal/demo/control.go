package demo

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"

	"cutover/internal/api"
)

// control is the control plane: a process of its own that the demo may kill.
type control struct {
	cmd   *exec.Cmd
	ended chan struct{}
}

// startControl starts the control plane and waits until it is in charge.
func (d *demo) startControl(ctx context.Context) error {
	log, err := os.OpenFile(d.stateFile("serve.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("open the control plane's log: %w", err)
	}
	defer log.Close()
	c := &control{cmd: exec.Command(d.Executable, "serve", "--state", d.state()), ended: make(chan struct{})}
	c.cmd.Stdout, c.cmd.Stderr = log, log
	c.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := c.cmd.Start(); err != nil {
		return fmt.Errorf("start the control plane: %w", err)
	}
	go func() {
		defer close(c.ended)
		// How it ended is in its log; the demo looks at what it answers.
		_ = c.cmd.Wait()
	}()
	d.control = c
	return d.until(ctx, reachWithin, "the control plane is in charge", func() (bool, error) {
		select {
		case <-c.ended:
			return false, fmt.Errorf("the control plane ended at once; see %s", d.stateFile("serve.log"))
		default:
		}
		info, err := d.client.Info(ctx)
		if errors.Is(err, api.ErrAbsent) {
			return false, nil
		}
		return info.Leading, err
	})
}

// kill ends the control plane the hard way.
func (c *control) kill() error {
	if err := c.cmd.Process.Kill(); err != nil {
		return fmt.Errorf("kill the control plane: %w", err)
	}
	<-c.ended
	return nil
}

// until polls a condition until it holds, fails, or time runs out.
func (d *demo) until(ctx context.Context, limit time.Duration, what string, holds func() (bool, error)) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		ok, err := holds()
		if ok || err != nil && ctx.Err() == nil {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait until %s: %w", what, ctx.Err())
		case <-tick.C:
		}
	}
}
