package docker

import (
	"context"
	"errors"
	"fmt"
	"time"

	"cutover/internal/platform/docker/daemon"
	"cutover/internal/platform/docker/interior"
	"cutover/internal/release"

	"github.com/moby/moby/client"
)

// Start brings the side to order.Count running instances: those that ended
// are started again, those that lack are created. It returns when the programs
// run, not when they are ready, and starts nothing at all if the order could
// not be fulfilled as it stands. Repeating it changes nothing; it never stops
// an instance. An instance that keeps ending is left alone until its pause is
// over, which is no error: Observe says so, and a later Start starts it.
func (p *Platform) Start(ctx context.Context, order release.StartOrder) error {
	if err := interior.Check(order); err != nil {
		return fmt.Errorf("start %s: %w", order.App, err)
	}
	v, err := p.enter(ctx, order.Stamp, order.Artefact.Container.Socket)
	if err != nil {
		return fmt.Errorf("start %s %s: %w", order.App, order.Version, err)
	}
	defer v.Leave()
	if err := v.fulfil(ctx, order); err != nil {
		return fmt.Errorf("start %s %s on %s: %w", order.App, order.Version, order.Side, err)
	}
	return nil
}

func (v *visit) fulfil(ctx context.Context, order release.StartOrder) error {
	side, err := v.Side(order)
	if err != nil {
		return err
	}
	due, lacking, err := v.shortfall(ctx, side, order.Count)
	if err != nil || len(due)+lacking == 0 {
		return err
	}
	d, err := v.p.daemons.At(order.Artefact.Container.Socket)
	if err != nil {
		return err
	}
	// What cannot be started is found out before anything is.
	files, err := v.p.layFiles(order)
	if err != nil {
		return err
	}
	if err := v.p.check(ctx, d, order, files); err != nil {
		return err
	}
	var failed []error
	for _, again := range due {
		failed = append(failed, v.relaunch(ctx, again))
	}
	for range lacking {
		failed = append(failed, v.launch(ctx, d, order, files))
	}
	return errors.Join(failed...)
}

// comeback is a slot whose program has ended, with what follows on it.
type comeback struct {
	slot slot
	next runNote
}

// shortfall finds which slots to start again now and how many are lacking. A
// slot in its pause counts as neither.
func (v *visit) shortfall(ctx context.Context, side []slot, count int) (due []comeback, lacking int, err error) {
	open := count
	var resting []comeback
	for _, s := range side {
		_, stopping, err := v.p.notesOf(s).stopping()
		if err != nil {
			return nil, 0, err
		}
		seen, found, err := s.look(ctx)
		if err != nil {
			return nil, 0, err
		}
		if stopping || !found {
			continue
		}
		if seen.state.Running {
			open--
			continue
		}
		next, wait, err := v.p.again(s, seen)
		if err != nil {
			return nil, 0, err
		}
		if wait > 0 {
			resting = append(resting, comeback{s, next})
		} else {
			due = append(due, comeback{s, next})
		}
	}
	open = max(open-len(resting), 0)
	if len(due) > open {
		due = due[:open]
	}
	return due, open - len(due), nil
}

// again says how a slot whose program does not run goes on.
func (p *Platform) again(s slot, seen sight) (runNote, time.Duration, error) {
	note, err := p.notesOf(s).run()
	if err != nil {
		return note, 0, err
	}
	if seen.started.IsZero() {
		note.Boot = p.boot
		return note, 0, nil // created, and then somebody was killed
	}
	next, wait := note.next(seen.started, seen.finished, p.boot, p.opt.Now())
	return next, wait, nil
}

// relaunch starts a container again. That it is a restart is on record first.
func (v *visit) relaunch(ctx context.Context, again comeback) error {
	if err := v.p.notesOf(again.slot).writeRun(again.next); err != nil {
		return err
	}
	return v.run(ctx, again.slot, again.next.Restarts)
}

// run starts the slot's container.
func (v *visit) run(ctx context.Context, s slot, restarts int) error {
	ctx, cancel := daemon.Bounded(ctx)
	defer cancel()
	if _, err := s.daemon.ContainerStart(ctx, s.container, client.ContainerStartOptions{}); err != nil {
		return s.daemon.Explain("launch "+s.ID, err)
	}
	v.p.opt.Logger.Info("instance launched", "app", s.App, "instance", s.ID, "version", s.Version, "container", s.container, "restarts", restarts)
	return nil
}
