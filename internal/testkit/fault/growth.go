package fault

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"unsafe"
)

// GrowthStop has every write of a process fail that would make a file longer
// than Most bytes, by the kernel's limit on file sizes, set from outside. It
// needs no right but that to signal the process. To the process it is a disk
// that takes nothing more, though with another error (EFBIG), and what it
// starts meanwhile is born with it.
type GrowthStop struct {
	// Victim says who it is, for people.
	Victim string
	Pid    Find
	// Most is how long files may still get.
	Most uint64
	// Heirs, if set, are the processes that may have been born with the limit;
	// it is asked when the fault is mended, and the limit is lifted from them too.
	Heirs func() []int
}

var _ Fault = GrowthStop{}

// Name implements Fault.
func (g GrowthStop) Name() string { return "no file may grow for " + g.Victim }

// Inject implements Fault.
func (g GrowthStop) Inject(ctx context.Context) (func() error, error) {
	p, err := find(ctx, g.Pid)
	if err != nil {
		return nil, fmt.Errorf("find %s: %w", g.Victim, err)
	}
	var old syscall.Rlimit
	if err := fileLimit(p.Pid, nil, &old); err != nil {
		return nil, errors.Join(fmt.Errorf("read the file limit of %s: %w", g.Victim, err), p.Release())
	}
	tight := syscall.Rlimit{Cur: g.Most, Max: old.Max}
	if err := fileLimit(p.Pid, &tight, nil); err != nil {
		return nil, errors.Join(fmt.Errorf("limit the files of %s: %w", g.Victim, err), p.Release())
	}
	return func() error {
		defer p.Release()
		heirs := []int{}
		if !errors.Is(p.Signal(syscall.Signal(0)), os.ErrProcessDone) {
			heirs = append(heirs, p.Pid)
		}
		if g.Heirs != nil {
			heirs = append(heirs, g.Heirs()...)
		}
		for _, pid := range heirs {
			if err := fileLimit(pid, &old, nil); err != nil && !errors.Is(err, syscall.ESRCH) {
				return fmt.Errorf("lift the file limit of %s from process %d: %w", g.Victim, pid, err)
			}
		}
		return nil
	}, nil
}

// limitFileSize is RLIMIT_FSIZE.
const limitFileSize = 1

func fileLimit(pid int, set, get *syscall.Rlimit) error {
	_, _, errno := syscall.RawSyscall6(syscall.SYS_PRLIMIT64, uintptr(pid), limitFileSize,
		uintptr(unsafe.Pointer(set)), uintptr(unsafe.Pointer(get)), 0, 0)
	if errno != 0 {
		return errno
	}
	return nil
}
