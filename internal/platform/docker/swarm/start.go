package swarm

import (
	"context"
	"errors"
	"fmt"
	"time"

	"cutover/internal/platform/docker/daemon"
	"cutover/internal/platform/docker/interior"
	"cutover/internal/release"

	"github.com/moby/moby/api/types/swarm"
)

const (
	// launchWithin is how long Swarm may take to launch a task: the node may
	// have to download the image first.
	launchWithin = 15 * time.Minute
	// placeWithin is how long no node may be found for a task: one may be on its
	// way back.
	placeWithin = time.Minute
	// poll is how often tasks are looked at while they are waited for.
	poll = 100 * time.Millisecond
)

// Start brings the side to order.Count instances, creating those that lack. It
// returns when every program was launched, as its task shows, not when they
// are ready, and creates nothing at all if the order could not be fulfilled as
// it stands. Repeating it changes nothing; it never stops an instance. One that
// ended is replaced by Swarm itself, which Observe shows.
func (p *Platform) Start(ctx context.Context, order release.StartOrder) error {
	if err := interior.Check(order); err != nil {
		return fmt.Errorf("start %s: %w", order.App, err)
	}
	v, err := p.enter(ctx, order.Stamp, order.Artefact.Container.Socket)
	if err != nil {
		return fmt.Errorf("start %s %s: %w", order.App, order.Version, err)
	}
	side, err := v.fulfil(ctx, order)
	// Nobody is kept waiting while images are downloaded.
	v.Leave()
	if err == nil {
		err = awaitLaunch(ctx, side)
	}
	if err != nil {
		return fmt.Errorf("start %s %s on %s: %w", order.App, order.Version, order.Side, err)
	}
	return nil
}

// fulfil creates what lacks, and returns all slots of the order.
func (v *visit) fulfil(ctx context.Context, order release.StartOrder) ([]slot, error) {
	all, err := v.Side(order)
	if err != nil {
		return nil, err
	}
	var side []slot
	for _, s := range all {
		if s.ending() {
			continue
		}
		if err := s.revive(ctx); err != nil {
			return nil, err
		}
		side = append(side, s)
	}
	if len(side) >= order.Count {
		return side, nil
	}
	d, err := v.p.daemons.At(order.Artefact.Container.Socket)
	if err != nil {
		return nil, err
	}
	// What cannot be started is found out before anything is.
	if err := v.p.check(ctx, d, order); err != nil {
		return nil, err
	}
	for len(side) < order.Count {
		s, err := v.launch(ctx, d, order)
		if err != nil {
			return nil, err
		}
		side = append(side, s)
	}
	return side, nil
}

// revive has the service want its one task again, if somebody else has changed
// that.
func (s slot) revive(ctx context.Context) error {
	if s.replicas == 1 {
		return nil
	}
	return s.change(ctx, func(spec *swarm.ServiceSpec) { spec.Mode = replicated(1) })
}

// awaitLaunch returns when a program of each slot was seen to run, or to have
// run. What the service says of itself counts for nothing.
func awaitLaunch(ctx context.Context, slots []slot) error {
	began := time.Now()
	tick := time.NewTicker(poll)
	defer tick.Stop()
	for {
		left, err := unlaunched(ctx, slots)
		if err != nil || len(left) == 0 {
			return err
		}
		waited := time.Since(began)
		var failed []error
		for _, w := range left {
			failed = append(failed, w.hopeless(waited))
		}
		if err := errors.Join(failed...); err != nil {
			return err
		}
		slots = nil
		for _, w := range left {
			slots = append(slots, w.slot)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("wait for %s to be launched: %w", left[0].slot.ID, ctx.Err())
		}
	}
}

// waiting is a slot whose program was never seen to run, with its latest task
// that failed, or the newest.
type waiting struct {
	slot slot
	task swarm.Task
}

func unlaunched(ctx context.Context, slots []slot) ([]waiting, error) {
	var left []waiting
	seen := map[*daemon.Daemon]map[string][]swarm.Task{}
	for _, s := range slots {
		by := seen[s.daemon]
		if by == nil {
			var err error
			if by, err = tasksOf(ctx, s.daemon, s.mark, s.App); err != nil {
				return nil, err
			}
			seen[s.daemon] = by
		}
		if _, was := last(by[s.service], launched); was {
			continue
		}
		t, tried := last(by[s.service], ended)
		if !tried {
			t, _ = last(by[s.service], every)
		}
		left = append(left, waiting{s, t})
	}
	return left, nil
}

// hopeless says why it is no use to wait any longer.
func (w waiting) hopeless(waited time.Duration) error {
	t := w.task
	switch {
	case unfit(t):
		return fmt.Errorf("%s cannot be launched: %s", w.slot.ID, said(t))
	case t.Status.State == swarm.TaskStatePending && t.Status.Err != "" && waited >= placeWithin:
		return fmt.Errorf("the swarm finds no node for %s: %s: see docker node ls, and the limits in the app file", w.slot.ID, said(t))
	case waited >= launchWithin:
		return fmt.Errorf("%s was not launched within %s: %s", w.slot.ID, launchWithin, said(t))
	}
	return nil
}

// said is what Swarm says of a task.
func said(t swarm.Task) string {
	switch {
	case t.Status.Err != "":
		return t.Status.Err
	case t.Status.State == "":
		return "the swarm has made no task for it yet"
	}
	return "its task is " + string(t.Status.State)
}
