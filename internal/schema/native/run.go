package native

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"cutover/internal/environ"
)

// How a command ran out of its budget. The server takes back the transaction
// it was in, so it may be tried again.
var (
	// ErrLockBudget says that a lock could not be had in time.
	ErrLockBudget = errors.New("a lock could not be had within the budget")
	// ErrStatementBudget says that a statement took too long.
	ErrStatementBudget = errors.New("a statement took longer than the budget")
	// ErrTimeout says that the whole command took too long and was ended.
	ErrTimeout = errors.New("the command took longer than its timeout")
)

// endGrace is how long a command that was asked to end may take to do so, and
// what it leaves running may hold its output.
const endGrace = 3 * time.Second

// Result is how a command ended.
type Result struct {
	// ExitCode is -1 if a signal ended it.
	ExitCode int
	// Output is the end of what it wrote, at most 8 KiB, without secrets.
	Output string
	Took   time.Duration

	// stdout is the beginning of the standard output, if it was kept apart.
	stdout string
}

// Run runs the command to its end. It returns an error unless the exit code is
// 0; errors.Is tells the three ways of running out of the budget. Nothing the
// command started in its process group is left running. The result is valid
// with an error too.
func Run(ctx context.Context, c Command, b Budget) (Result, error) { return start(ctx, c, b, false) }

// start is Run; apart keeps the standard output apart, at the price of its
// order among the other lines.
func start(ctx context.Context, c Command, b Budget, apart bool) (Result, error) {
	if err := b.check(); err != nil {
		return Result{ExitCode: -1}, fmt.Errorf("run the migration: %w", err)
	}
	if !c.Given() {
		return Result{ExitCode: -1}, errors.New("run the migration: there is no command")
	}
	env, secrets, err := c.environment(b)
	if err != nil {
		return Result{ExitCode: -1}, fmt.Errorf("run %s: %w", c.Args[0], err)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, b.Timeout, ErrTimeout)
	defer cancel()
	r, err := run(ctx, c, env, secrets, apart)
	if err != nil {
		return r, fmt.Errorf("run %s: %w", filepath.Base(c.Args[0]), explain(ctx, r, err, b))
	}
	return r, nil
}

func run(ctx context.Context, c Command, env, secrets []string, apart bool) (Result, error) {
	cmd := exec.CommandContext(ctx, c.Args[0], c.Args[1:]...)
	out := &output{}
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = c.Dir, env, out, out
	if apart {
		cmd.Stdout = out.stdout()
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	// Asked to end, most programs take back their transaction themselves.
	cmd.Cancel = func() error { return signalGroup(cmd.Process.Pid, syscall.SIGTERM) }
	cmd.WaitDelay = endGrace
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return Result{ExitCode: -1}, fmt.Errorf("start it: %w: is it part of the version, and its folder right?", err)
	}
	err := cmd.Wait()
	kill := signalGroup(cmd.Process.Pid, syscall.SIGKILL)
	r := Result{
		ExitCode: cmd.ProcessState.ExitCode(), Took: time.Since(began),
		Output: out.tail(secrets), stdout: environ.Mask(out.first(), secrets...),
	}
	if errors.Is(err, exec.ErrWaitDelay) && cmd.ProcessState.Success() && ctx.Err() == nil {
		// What it left running held the output; that is over now.
		err = nil
	}
	return r, errors.Join(err, kill)
}

// explain says why a command failed and what its output has to do with it.
func explain(ctx context.Context, r Result, err error, b Budget) error {
	said := r.Output
	if said == "" {
		said = "it wrote nothing"
	}
	switch {
	case errors.Is(context.Cause(ctx), ErrTimeout):
		return fmt.Errorf("%w of %s and was ended: %s", ErrTimeout, b.Timeout, said)
	case ctx.Err() != nil:
		return fmt.Errorf("it was ended: %w: %s", context.Cause(ctx), said)
	case mentions(r.Output, "due to lock timeout", "55P03", "LockNotAvailable", "lock_not_available"):
		return fmt.Errorf("%w of %s: see who holds it in pg_locks and try again: %w: %s", ErrLockBudget, b.LockTimeout, err, said)
	case mentions(r.Output, "due to statement timeout"):
		return fmt.Errorf("%w of %s: give it more, or split the migration: %w: %s", ErrStatementBudget, b.statement(), err, said)
	}
	return fmt.Errorf("%w: %s", err, said)
}

func mentions(text string, marks ...string) bool {
	for _, m := range marks {
		if strings.Contains(text, m) {
			return true
		}
	}
	return false
}

// signalGroup sends s to the process group led by pid, if there still is one.
func signalGroup(pid int, s syscall.Signal) error {
	if err := syscall.Kill(-pid, s); err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("end what it started: %w", err)
	}
	return nil
}
