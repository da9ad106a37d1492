package docker

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"cutover/internal/release"

	"github.com/moby/moby/client"
	"golang.org/x/sys/unix"
)

// Start brings the side to order.Count running instances: those that ended
// are started again, those that lack are created. It returns when the programs
// run, not when they are ready, and starts nothing at all if the order could
// not be fulfilled as it stands. Repeating it changes nothing; it never stops
// an instance. An instance that keeps ending is left alone until its pause is
// over, which is no error: Observe says so, and a later Start starts it.
func (p *Platform) Start(ctx context.Context, order release.StartOrder) error {
	if err := checkOrder(order); err != nil {
		return fmt.Errorf("start %s: %w", order.App, err)
	}
	v, err := p.enter(ctx, order.Stamp, order.Artefact.Container.Socket)
	if err != nil {
		return fmt.Errorf("start %s %s: %w", order.App, order.Version, err)
	}
	defer v.leave()
	if err := v.fulfil(ctx, order); err != nil {
		return fmt.Errorf("start %s %s on %s: %w", order.App, order.Version, order.Side, err)
	}
	return nil
}

func checkOrder(order release.StartOrder) error {
	c := order.Artefact.Container
	switch {
	case c == nil:
		return errors.New("the artefact names no image: say in the app file which image to run")
	case c.Pinned == "":
		return fmt.Errorf("the image %s was not pinned when the release was planned: plan it again with a controller that reaches the Docker daemon", c.Image)
	case !order.Side.Valid():
		return fmt.Errorf("%q is no side", order.Side)
	case order.Component != "" && !safeName.MatchString(order.Component):
		return fmt.Errorf("%q cannot be the name of a component", order.Component)
	case order.Count < 0:
		return fmt.Errorf("%d is no number of instances", order.Count)
	case !safeName.MatchString(order.Digest):
		return fmt.Errorf("the digest %q cannot be the name of a folder", order.Digest)
	}
	_, err := stopSignal(order.Artefact.Stop)
	return err
}

// stopSignal is the name by which Docker knows the signal that asks to end.
func stopSignal(stop release.Stop) (string, error) {
	if stop.Signal == "" {
		return "SIGTERM", nil
	}
	full := "SIG" + strings.TrimPrefix(strings.ToUpper(stop.Signal), "SIG")
	if unix.SignalNum(full) == 0 {
		return "", fmt.Errorf("there is no signal %q: write TERM, INT, QUIT or another name kill -l lists", stop.Signal)
	}
	return full, nil
}

func (v *visit) fulfil(ctx context.Context, order release.StartOrder) error {
	side, err := onSide(v.all, order)
	if err != nil {
		return err
	}
	due, lacking, err := v.shortfall(ctx, side, order.Count)
	if err != nil || len(due)+lacking == 0 {
		return err
	}
	d, err := v.p.daemons.at(order.Artefact.Container.Socket)
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

// onSide returns the slots of the order's component on its side, and refuses if
// any is of another version or configuration: one side never mixes two.
func onSide(all []slot, order release.StartOrder) ([]slot, error) {
	var side []slot
	var others []string
	for _, s := range all {
		switch {
		case s.side != order.Side || s.component != order.Component:
		case s.version != order.Version || s.digest != order.Digest:
			others = append(others, fmt.Sprintf("%s (%s, digest %.12s)", s.id, s.version, s.digest))
		default:
			side = append(side, s)
		}
	}
	if len(others) > 0 {
		return nil, fmt.Errorf("%s still has instances of another version: %s: stop them first", order.Side, strings.Join(others, ", "))
	}
	return side, nil
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
	ctx, cancel := bounded(ctx)
	defer cancel()
	if _, err := s.daemon.ContainerStart(ctx, s.container, client.ContainerStartOptions{}); err != nil {
		return s.daemon.explain("launch "+s.id, err)
	}
	v.p.opt.Logger.Info("instance launched", "app", s.app, "instance", s.id, "version", s.version, "container", s.container, "restarts", restarts)
	return nil
}
