package fault

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
)

// Freeze stops a process by SIGSTOP and lets it go on by SIGCONT. Meanwhile
// the kernel still takes connections for it: to everybody else it hangs.
type Freeze struct {
	// Victim says who it is, for people.
	Victim string
	Pid    Find
}

var _ Fault = Freeze{}

// Name implements Fault.
func (f Freeze) Name() string { return "stop and continue of " + f.Victim }

// Inject implements Fault. A process that has ended meanwhile needs no mending.
func (f Freeze) Inject(ctx context.Context) (func() error, error) {
	p, err := find(ctx, f.Pid)
	if err != nil {
		return nil, fmt.Errorf("find %s: %w", f.Victim, err)
	}
	if err := p.Signal(syscall.SIGSTOP); err != nil {
		return nil, errors.Join(fmt.Errorf("stop %s: %w", f.Victim, err), p.Release())
	}
	return func() error {
		defer p.Release()
		if err := p.Signal(syscall.SIGCONT); err != nil && !errors.Is(err, os.ErrProcessDone) {
			return fmt.Errorf("continue %s: %w", f.Victim, err)
		}
		return nil
	}, nil
}
