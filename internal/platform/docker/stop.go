package docker

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"cutover/internal/durable"
	"cutover/internal/platform/docker/daemon"
	"cutover/internal/platform/docker/house"
	"cutover/internal/platform/docker/interior"
	"cutover/internal/release"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/client"
)

const (
	// killWait is how long a killed container may take to end.
	killWait = 30 * time.Second
	// stopPoll is how often a container is looked at while it ends.
	stopPoll = 50 * time.Millisecond
)

// Stop ends the named instances: the signal of their artefact, after Grace
// KILL, and when they have ended their containers are removed. It returns when
// they are gone. Before the first signal it is on record that they are being
// stopped, so that nothing starts them again and a Stop after a crash goes on
// where this one was: Grace counts from the first order. Instances that do not
// exist are no error.
func (p *Platform) Stop(ctx context.Context, order release.StopOrder) error {
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
	v, err := p.enter(ctx, order.Stamp, "")
	if err != nil {
		return nil, err
	}
	defer v.Leave()
	named := slices.DeleteFunc(v.All, func(s slot) bool { return !slices.Contains(order.Instances, s.ID) })
	for _, s := range named {
		if err := p.notesOf(s).condemn(p.opt.Now()); err != nil {
			return nil, err
		}
	}
	return named, nil
}

// end brings one condemned container to its end.
func (p *Platform) end(ctx context.Context, s slot) error {
	seen, found, err := s.look(ctx)
	if err != nil || !found {
		return err
	}
	if seen.state.Running {
		deadline, err := p.ask(ctx, s, seen)
		if err != nil {
			return err
		}
		ended, err := s.await(ctx, deadline)
		if err == nil && !ended {
			err = s.kill(ctx)
		}
		if err != nil {
			return err
		}
	}
	return s.remove(ctx)
}

// ask sends the signal, unless it was sent before, and returns when grace ends.
func (p *Platform) ask(ctx context.Context, s slot, seen sight) (time.Time, error) {
	notes := p.notesOf(s)
	mark, marked, err := notes.stopping()
	if err != nil {
		return time.Time{}, err
	}
	// Between two controllers only the wall clock is common; once read, the
	// rest is measured by this process's steady one.
	left := min(max(mark.At.Add(s.Spec.Stop.Grace).Sub(p.opt.Now()), 0), s.Spec.Stop.Grace)
	deadline := time.Now().Add(left)
	if !marked || mark.Signalled {
		return deadline, ctx.Err()
	}
	if seen.state.Paused {
		// What is paused takes no signal.
		if err := s.unpause(ctx); err != nil {
			return deadline, err
		}
	}
	signal, err := interior.StopSignal(s.Spec.Stop)
	if err != nil {
		signal = "SIGTERM" // Start has refused one that is unknown
	}
	if err := s.signal(ctx, signal); err != nil {
		return deadline, err
	}
	mark.Signalled = true
	return deadline, durable.WriteRecord(notes.stopFile(), mark)
}

// signal sends a signal to the program; one that has ended is no error.
func (s slot) signal(ctx context.Context, name string) error {
	ctx, cancel := daemon.Bounded(ctx)
	defer cancel()
	_, err := s.daemon.ContainerKill(ctx, s.container, client.ContainerKillOptions{Signal: name})
	if daemon.Gone(err) || errdefs.IsConflict(err) {
		return nil
	}
	return s.daemon.Explain("send "+name, err)
}

func (s slot) unpause(ctx context.Context) error {
	ctx, cancel := daemon.Bounded(ctx)
	defer cancel()
	_, err := s.daemon.ContainerUnpause(ctx, s.container, client.ContainerUnpauseOptions{})
	if daemon.Gone(err) || errdefs.IsConflict(err) {
		return nil
	}
	return s.daemon.Explain("let a paused container go on", err)
}

// kill ends the program at once and returns when it has ended.
func (s slot) kill(ctx context.Context) error {
	if err := s.signal(ctx, "SIGKILL"); err != nil {
		return err
	}
	ended, err := s.await(ctx, time.Now().Add(killWait))
	if err == nil && !ended {
		err = fmt.Errorf("the container %.12s is still there %s after KILL: look at the daemon's log", s.container, killWait)
	}
	return err
}

// await reports whether the program ended before the deadline. It looks at
// least once.
func (s slot) await(ctx context.Context, deadline time.Time) (bool, error) {
	tick := time.NewTicker(stopPoll)
	defer tick.Stop()
	for {
		seen, found, err := s.look(ctx)
		if err != nil || !found || !seen.state.Running {
			return err == nil, err
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

// remove removes the container with its log and its unnamed volumes, and
// returns when it is gone.
func (s slot) remove(ctx context.Context) error {
	limited, cancel := daemon.Bounded(ctx)
	defer cancel()
	_, err := s.daemon.ContainerRemove(limited, s.container, client.ContainerRemoveOptions{Force: true, RemoveVolumes: true})
	if err == nil || daemon.Gone(err) {
		return nil
	}
	if !errdefs.IsConflict(err) {
		return s.daemon.Explain("remove the container", err)
	}
	// Another Stop removes it at this moment.
	if ended, err := s.await(ctx, time.Now().Add(killWait)); err != nil || !ended {
		return errors.Join(err, fmt.Errorf("the container %.12s could not be removed: look at the daemon's log", s.container))
	}
	return nil
}

// tidy removes what no instance needs any more.
func (p *Platform) tidy(ctx context.Context, stamp release.Stamp) error {
	v, err := p.enter(ctx, stamp, "")
	if err != nil {
		return err
	}
	defer v.Leave()
	p.watches.keep(stamp.App, v.All)
	sockets := v.KeepSockets(func(socket string) bool {
		return slices.ContainsFunc(v.All, func(s slot) bool { return s.daemon.Socket == socket })
	})
	ids, digests := map[string]bool{}, map[string]bool{}
	for _, s := range v.All {
		ids[s.ID], digests[s.Digest] = true, true
	}
	// Files that were laid out for no instance are laid out again by a later start.
	return errors.Join(sockets, house.DropOthers(p.at.Files(stamp.App), digests), house.DropOthers(p.at.Notes(stamp.App), ids))
}
