package process

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"syscall"
	"time"

	"cutover/internal/durable"
	"cutover/internal/release"
)

const (
	// killWait is how long a killed process may take to disappear.
	killWait = 10 * time.Second
	// stopPoll is how often a process is looked at while it ends, familyPoll
	// the same for what it leaves behind, which costs more to find.
	stopPoll   = 10 * time.Millisecond
	familyPoll = 50 * time.Millisecond
)

// Stop ends the named instances: the signal of their artefact to the process,
// and when it has ended to what it left running in its session; after Grace
// KILL to all of them. It returns when they are gone and their records are
// removed; logs are kept. Before the first signal it is on record that they
// are being stopped, so that nothing starts them again and a Stop after a
// crash goes on where this one was: Grace counts from the first order.
// Instances that do not exist are no error.
func (p *Platform) Stop(ctx context.Context, order release.StopOrder) error {
	if order.Leave {
		if err := p.leave(ctx, order); err != nil {
			return err
		}
	}
	slots, err := p.condemn(ctx, order)
	if err != nil {
		return fmt.Errorf("stop %s: %w", order.App, err)
	}
	failed := make([]error, len(slots))
	var all sync.WaitGroup
	for i, s := range slots {
		all.Go(func() {
			if err := p.end(ctx, s); err != nil {
				failed[i] = fmt.Errorf("stop %s: %w", s.ID, err)
			}
		})
	}
	all.Wait()
	if err := errors.Join(failed...); err != nil {
		return err
	}
	if err := p.tidy(ctx, order.Stamp); err != nil {
		return fmt.Errorf("tidy up after stopping %s: %w", order.App, err)
	}
	return nil
}

// condemn marks the named instances that exist and returns them.
func (p *Platform) condemn(ctx context.Context, order release.StopOrder) ([]slot, error) {
	leave, err := p.enter(ctx, order.Stamp)
	if err != nil {
		return nil, err
	}
	defer leave()
	all, err := p.at.slotsOf(order.App)
	if err != nil {
		return nil, err
	}
	named := slices.DeleteFunc(all, func(s slot) bool { return !slices.Contains(order.Instances, s.ID) })
	for _, s := range named {
		if err := s.markStopping(ctx, p.opt.Now()); err != nil {
			return nil, err
		}
	}
	return named, nil
}

// end brings one condemned slot to its end.
func (p *Platform) end(ctx context.Context, s slot) error {
	run, _, err := s.run()
	if err != nil {
		return err
	}
	family := newFamily(run.identity)
	deadline, err := p.ask(ctx, s, run, family)
	if err != nil {
		return err
	}
	if err := p.waitGrace(ctx, s, run, family, deadline); err != nil {
		return err
	}
	if err := p.endFamily(ctx, family); err != nil {
		return err
	}
	p.children.settle(ctx, run.Pid)
	return s.remove()
}

// ask sends the signal, unless it was sent before, and returns when grace ends.
func (p *Platform) ask(ctx context.Context, s slot, run slotRun, family *family) (time.Time, error) {
	mark, marked, err := s.stopping()
	if err != nil {
		return time.Time{}, err
	}
	// Between two controllers only the wall clock is common; once read, the
	// rest is measured by this process's steady one.
	left := min(max(mark.At.Add(s.Stop.Grace).Sub(p.opt.Now()), 0), s.Stop.Grace)
	deadline := time.Now().Add(left)
	if _, err := family.members(); err != nil {
		return time.Time{}, err
	}
	if !marked || mark.Signalled {
		return deadline, ctx.Err()
	}
	if err := run.signal(s.stopSignal()); err != nil {
		return time.Time{}, err
	}
	mark.Signalled = true
	return deadline, durable.WriteRecord(s.stopFile(), mark)
}

// stopSignal is the artefact's signal; Start has refused one that is unknown.
func (s slot) stopSignal() syscall.Signal {
	sig, err := parseSignal(s.Stop.Signal)
	if err != nil {
		return syscall.SIGTERM
	}
	return sig
}

// waitGrace returns when the process and all it left running have ended, or
// at the deadline.
func (p *Platform) waitGrace(ctx context.Context, s slot, run slotRun, family *family, deadline time.Time) error {
	ended, err := await(ctx, stopPoll, deadline, func() (bool, error) {
		runs, err := run.runs()
		return !runs, err
	})
	if err != nil || !ended {
		return err
	}
	// A shell, for instance, dies of the signal and leaves its program behind.
	if err := family.signal(s.stopSignal()); err != nil {
		return err
	}
	_, err = await(ctx, familyPoll, deadline, family.gone)
	return err
}

func (f *family) gone() (bool, error) {
	list, err := f.members()
	return len(list) == 0, err
}

// endFamily kills whatever still runs and returns when it is gone.
func (p *Platform) endFamily(ctx context.Context, family *family) error {
	gone, err := await(ctx, familyPoll, time.Now().Add(killWait), func() (bool, error) {
		if gone, err := family.gone(); gone || err != nil {
			return gone, err
		}
		return false, family.signal(syscall.SIGKILL)
	})
	if err != nil || gone {
		return err
	}
	list, err := family.members()
	return errors.Join(err, fmt.Errorf("processes %v are still there %s after KILL: look with ps what they wait for", pids(list), killWait))
}

func pids(list []identity) []int {
	var all []int
	for _, id := range list {
		all = append(all, id.Pid)
	}
	return all
}

// await asks done until it says yes, and reports whether it did so before the
// deadline. It asks at least once.
func await(ctx context.Context, every time.Duration, deadline time.Time, done func() (bool, error)) (bool, error) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		if ok, err := done(); ok || err != nil {
			return ok, err
		}
		if !time.Now().Before(deadline) {
			return false, nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return false, ctx.Err()
		}
	}
}

// tidy removes what no instance needs any more.
func (p *Platform) tidy(ctx context.Context, stamp release.Stamp) error {
	leave, err := p.enter(ctx, stamp)
	if err != nil {
		return err
	}
	defer leave()
	slots, err := p.at.slotsOf(stamp.App)
	if err != nil {
		return err
	}
	p.watches.keep(stamp.App, slots)
	return errors.Join(p.at.dropFiles(stamp.App, slots), p.at.pruneLogs(stamp.App, slots))
}
