package fault

import (
	"context"
	"fmt"
	"os"
	"syscall"
)

// Kill ends a process by SIGKILL: no deferred function runs, nothing is
// flushed. Nobody starts it again but whoever would anyway.
type Kill struct {
	// Victim says who it is, for people.
	Victim string
	Pid    Find
}

var _ Fault = Kill{}

// Name implements Fault.
func (k Kill) Name() string { return "kill -9 of " + k.Victim }

// Inject implements Fault. It does not wait until the process is gone.
func (k Kill) Inject(ctx context.Context) (func() error, error) {
	p, err := find(ctx, k.Pid)
	if err != nil {
		return nil, fmt.Errorf("find %s: %w", k.Victim, err)
	}
	defer p.Release()
	if err := p.Signal(syscall.SIGKILL); err != nil {
		return nil, fmt.Errorf("kill %s: %w", k.Victim, err)
	}
	return nothing, nil
}

// find holds on to a process, so that no other one of the same number can get
// its signals later.
func find(ctx context.Context, pid Find) (*os.Process, error) {
	n, err := pid(ctx)
	if err != nil {
		return nil, err
	}
	if n <= 1 {
		return nil, fmt.Errorf("%d is no process to strike", n)
	}
	return os.FindProcess(n)
}
