package process

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"

	"cutover/internal/environ"
	"cutover/internal/release"
)

// Identify returns what identifies a process for all time.
func Identify(pid int) (release.Adopted, error) {
	boot, err := bootID()
	if err != nil {
		return release.Adopted{}, err
	}
	s, found, err := readStat(pid)
	switch {
	case err != nil:
		return release.Adopted{}, err
	case !found:
		return release.Adopted{}, fmt.Errorf("there is no process %d: look with ps which one is meant", pid)
	case s.ended():
		return release.Adopted{}, fmt.Errorf("process %d has ended and waits to be reaped", pid)
	}
	return release.Adopted{Pid: pid, Boot: boot, Ticks: s.ticks}, nil
}

func identityOf(a release.Adopted) identity {
	return identity{Pid: a.Pid, Boot: a.Boot, Ticks: a.Ticks}
}

// Owner names the app and the instance that a process belongs to here, if it
// does.
func (p *Platform) Owner(pid int) (app, instance string, found bool, err error) {
	apps, err := p.Apps()
	if err != nil {
		return "", "", false, err
	}
	for _, app := range apps {
		slots, err := p.at.slotsOf(app)
		if err != nil {
			return "", "", false, err
		}
		for _, s := range slots {
			run, _, err := s.run()
			if err != nil {
				return "", "", false, err
			}
			if _, is, err := run.stat(); err != nil || is && run.Pid == pid {
				return app, s.ID, err == nil, err
			}
		}
	}
	return "", "", false, nil
}

// adoptable says why processes cannot be taken in.
func adoptable(list []release.Adopted) error {
	for _, a := range list {
		runs, err := identityOf(a).runs()
		if err != nil {
			return err
		}
		if !runs {
			return fmt.Errorf("process %d, which was to be adopted, has ended: start the app again and adopt its new process", a.Pid)
		}
	}
	return nil
}

// adopt makes slots for the order's adopted processes that run and have none,
// as long as instances lack. A process is touched in no way by that.
func (p *Platform) adopt(order release.StartOrder, side []slot) ([]slot, error) {
	for _, a := range order.Artefact.Adopted {
		known := slices.ContainsFunc(side, func(s slot) bool { return s.Adopted != nil && identityOf(*s.Adopted) == identityOf(a) })
		if known || len(side) >= order.Count {
			continue
		}
		if runs, err := identityOf(a).runs(); err != nil || !runs {
			if err != nil {
				return nil, err
			}
			continue
		}
		s, err := p.at.makeSlot(slotSpec{
			App: order.App, Side: order.Side, Component: order.Component, Version: order.Version, Digest: order.Digest,
			Health: order.Artefact.Health, Stop: order.Artefact.Stop, Refs: environ.References(order.Artefact),
			Adopted: &a, AdoptedAt: p.opt.Now(),
		})
		if err != nil {
			return nil, err
		}
		side = append(side, s)
	}
	return side, nil
}

// leave removes the records of instances that ran before cutover knew of them,
// and lets the processes run on.
func (p *Platform) leave(ctx context.Context, order release.StopOrder) error {
	free, err := p.enter(ctx, order.Stamp)
	if err != nil {
		return fmt.Errorf("leave %s: %w", order.App, err)
	}
	defer free()
	slots, err := p.at.slotsOf(order.App)
	if err != nil {
		return fmt.Errorf("leave %s: %w", order.App, err)
	}
	var errs []error
	for _, s := range slots {
		run, _, err := s.run()
		errs = append(errs, err)
		if s.Adopted != nil && run.identity == identityOf(*s.Adopted) && slices.Contains(order.Instances, s.ID) {
			errs = append(errs, s.remove())
		}
	}
	return errors.Join(errs...)
}

// scanKin adds a process that leads no session of its own, as one that was
// adopted may not, with all that descends from it. Its session is also that of
// others and says nothing.
func (f *family) scanKin(boot string) error {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return fmt.Errorf("list processes: %w", err)
	}
	all := map[int]procStat{}
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		s, found, err := readStat(pid)
		if err != nil {
			return err
		}
		if found && !s.ended() {
			all[pid] = s
		}
	}
	for pid := range maps.Keys(all) {
		if descends(all, pid, f.leader.Pid) && pid != os.Getpid() {
			f.seen[identity{Pid: pid, Boot: boot, Ticks: all[pid].ticks}] = true
		}
	}
	return nil
}

// descends reports whether pid is of, or comes from it.
func descends(all map[int]procStat, pid, of int) bool {
	for range len(all) {
		if pid == of {
			return true
		}
		s, ok := all[pid]
		if !ok || s.parent <= 1 {
			return false
		}
		pid = s.parent
	}
	return false
}
