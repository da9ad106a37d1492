package swarm

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"cutover/internal/platform/docker/daemon"
	"cutover/internal/platform/docker/house"
	"cutover/internal/release"

	"github.com/moby/moby/api/types/swarm"
	"github.com/moby/moby/client"
)

// endWait is how much longer than its grace a task may take to end.
const endWait = time.Minute

// Stop ends the named instances: the signal of their artefact, after Grace
// KILL, both by Swarm, and when their tasks have ended their services are
// removed. It returns when they are gone. In one change the service is told to
// have no task and labelled as stopping, so that nothing starts the instance
// again and a Stop after a crash goes on where this one was. Instances that do
// not exist are no error.
func (p *Platform) Stop(ctx context.Context, order release.StopOrder) error {
	slots, err := p.condemn(ctx, order)
	if err != nil {
		return fmt.Errorf("stop %s: %w", order.App, err)
	}
	failed := make([]error, len(slots))
	var all sync.WaitGroup
	for i, s := range slots {
		all.Go(func() {
			if err := s.end(ctx); err != nil {
				failed[i] = fmt.Errorf("stop %s: %w", s.ID, err)
			}
		})
	}
	all.Wait()
	if err := errors.Join(failed...); err != nil {
		return err
	}
	if err := p.tidy(ctx, order.Stamp, slots); err != nil {
		return fmt.Errorf("tidy up after stopping %s: %w", order.App, err)
	}
	return nil
}

// condemn tells the services of the named instances to have no task.
func (p *Platform) condemn(ctx context.Context, order release.StopOrder) ([]slot, error) {
	v, err := p.enter(ctx, order.Stamp, "")
	if err != nil {
		return nil, err
	}
	defer v.Leave()
	var named []slot
	now := p.opt.Now().UTC().Format(time.RFC3339Nano)
	for _, s := range v.All {
		if !slices.Contains(order.Instances, s.ID) {
			continue
		}
		named = append(named, s)
		if s.ending() && s.replicas == 0 {
			continue
		}
		if err := s.change(ctx, func(spec *swarm.ServiceSpec) {
			if spec.Labels[labelStopping] == "" {
				spec.Labels[labelStopping] = now
			}
			spec.Mode = replicated(0)
		}); err != nil {
			return nil, err
		}
	}
	return named, nil
}

// end waits until the tasks of a condemned slot have ended, and removes its
// service.
func (s slot) end(ctx context.Context) error {
	if err := s.awaitEnd(ctx); err != nil {
		return err
	}
	ctx, cancel := daemon.Bounded(ctx)
	defer cancel()
	_, err := s.daemon.ServiceRemove(ctx, s.service, client.ServiceRemoveOptions{})
	return dropped(s.daemon, "remove the service", err)
}

// awaitEnd returns when no task of the slot runs, or is yet to run, and Swarm
// has forgotten those it was about to forget: a manager of Docker 20.10 falls
// over, with all its containers, if it does that while it removes the service.
func (s slot) awaitEnd(ctx context.Context) error {
	within := wholeSeconds(s.Spec.Stop.Grace) + endWait
	deadline := time.Now().Add(within)
	tick := time.NewTicker(poll)
	defer tick.Stop()
	for {
		by, err := tasksOf(ctx, s.daemon, s.mark, s.App)
		if err != nil {
			return err
		}
		t, left := last(by[s.service], func(t swarm.Task) bool { return live(t) || t.DesiredState == swarm.TaskStateRemove })
		if !left {
			return nil
		}
		if !time.Now().Before(deadline) {
			return fmt.Errorf("its task on the node %s is still %s %s after it was to end: see docker node ls, bring the node back or remove it with docker node rm --force", t.NodeID, t.Status.State, within)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// tidy removes what no instance needs any more.
func (p *Platform) tidy(ctx context.Context, stamp release.Stamp, stopped []slot) error {
	v, err := p.enter(ctx, stamp, "")
	if err != nil {
		return err
	}
	defer v.Leave()
	var failed []error
	for _, socket := range v.Sockets {
		d, err := p.daemons.At(socket)
		if err == nil {
			err = v.dropBelongings(ctx, d, stamp.App)
		}
		failed = append(failed, err)
	}
	for _, s := range stopped {
		failed = append(failed, p.seen.Forget(s.App+"/"+s.ID))
	}
	notes := map[string]bool{}
	for _, s := range v.All {
		notes[noteName(s.ID)] = true
	}
	failed = append(failed, house.DropOthers(p.at.Notes(stamp.App), notes))
	if err := errors.Join(failed...); err != nil {
		return err
	}
	return v.KeepSockets(func(socket string) bool {
		return slices.ContainsFunc(v.All, func(s slot) bool { return s.daemon.Socket == socket })
	})
}
