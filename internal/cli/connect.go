package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
	"time"

	"cutover/internal/api"
)

// startWithin bounds how long a controller started here may take to answer.
// One that ends is told at once, so that patience costs nothing.
const startWithin = time.Minute

// connect returns a client for the controller, and starts one in the
// background where none runs.
func (s *session) connect(ctx context.Context) (*api.Client, error) {
	c := s.client()
	if _, err := c.Info(ctx); !isAbsent(err) {
		if err != nil {
			return nil, err
		}
		return c, s.leading(ctx, c, nil)
	}
	ended, err := s.spawn()
	if err != nil {
		return nil, err
	}
	if err := s.leading(ctx, c, ended); err != nil {
		return nil, err
	}
	if !s.json {
		fmt.Fprintf(s.errs, "started a controller in the background (state %s, log %s)\n", s.state, s.layout().log())
	}
	return c, nil
}

// spawn starts `cutover serve` in a session of its own. The channel gets its
// end, should it end at once.
func (s *session) spawn() (<-chan error, error) {
	if err := s.layout().make(); err != nil {
		return nil, &exitError{ExitUsage, err}
	}
	exe, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find this program: %w", err)
	}
	log, err := os.OpenFile(s.layout().log(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the controller's log: %w", err)
	}
	defer log.Close()
	cmd := exec.Command(exe, "serve", "--state", s.state)
	cmd.Dir = s.state
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start a controller: %w", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	return ended, nil
}

// leading waits until the controller answers and is in charge.
func (s *session) leading(ctx context.Context, c *api.Client, ended <-chan error) error {
	ctx, cancel := context.WithTimeout(ctx, startWithin)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		info, err := c.Info(ctx)
		if err == nil && info.Leading {
			return nil
		}
		select {
		case err := <-ended:
			return s.endedAtOnce(err)
		case <-ctx.Done():
			return failed("the controller is not in charge after %s; see %s", startWithin, s.layout().log())
		case <-tick.C:
		}
	}
}

// endedAtOnce passes on what a controller said before it ended.
func (s *session) endedAtOnce(err error) error {
	code := ExitFailed
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() > 0 {
		code = exit.ExitCode()
	}
	return &exitError{code, fmt.Errorf("the controller ended at once: %s", lastLine(s.layout().log()))}
}

// lastLine returns the last line of a file, or says that there is none.
func lastLine(path string) string {
	f, err := os.Open(path)
	if err != nil {
		return err.Error()
	}
	defer f.Close()
	const tail = 4096
	if end, err := f.Seek(0, io.SeekEnd); err == nil {
		_, _ = f.Seek(max(end-tail, 0), io.SeekStart)
	}
	b, err := io.ReadAll(io.LimitReader(f, tail))
	if err != nil || len(b) == 0 {
		return "it left no word in " + path
	}
	return lastOf(string(b))
}
