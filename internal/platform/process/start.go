package process

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"cutover/internal/environ"
	"cutover/internal/release"
)

// Start brings the side to order.Count running instances: those that ended
// are started again in their slots, those that lack get new slots. It returns
// when the programs were executed, not when they are ready, and starts
// nothing at all if the order could not be fulfilled as it stands. Repeating
// it changes nothing; it never stops an instance. An instance that keeps
// ending is left alone until its pause is over, which is no error: Observe
// says so, and a later Start starts it.
func (p *Platform) Start(ctx context.Context, order release.StartOrder) error {
	if err := checkOrder(order); err != nil {
		return fmt.Errorf("start %s: %w", order.App, err)
	}
	leave, err := p.enter(ctx, order.Stamp)
	if err != nil {
		return fmt.Errorf("start %s %s: %w", order.App, order.Version, err)
	}
	defer leave()
	if err := p.fulfil(ctx, order); err != nil {
		return fmt.Errorf("start %s %s on %s: %w", order.App, order.Version, order.Side, err)
	}
	return nil
}

func checkOrder(order release.StartOrder) error {
	switch {
	case !order.Side.Valid():
		return fmt.Errorf("%q is no side", order.Side)
	case order.Component != "" && !safeName.MatchString(order.Component):
		return fmt.Errorf("%q cannot be the name of a component", order.Component)
	case order.Count < 0:
		return fmt.Errorf("%d is no number of instances", order.Count)
	case !safeName.MatchString(order.Digest):
		return fmt.Errorf("the digest %q cannot be the name of a folder", order.Digest)
	}
	_, err := parseSignal(order.Artefact.Stop.Signal)
	return err
}

func (p *Platform) fulfil(ctx context.Context, order release.StartOrder) error {
	if err := p.at.sweep(order.App); err != nil {
		return err
	}
	all, err := p.at.slotsOf(order.App)
	if err != nil {
		return err
	}
	side, err := onSide(all, order)
	if err != nil {
		return err
	}
	if side, err = p.adopt(order, side); err != nil {
		return err
	}
	due, lacking, err := p.shortfall(ctx, side, order.Count)
	if err != nil || len(due)+lacking == 0 {
		return err
	}
	if len(order.Artefact.Adopted) > 0 && len(order.Artefact.Command) == 0 {
		return errors.New("an adopted process has ended, and nothing says how to start it: go on with another version, or start it by hand and adopt it anew")
	}
	files, err := p.layFiles(order)
	if err != nil {
		return err
	}
	// What cannot be started is found out before anything is.
	if _, err := p.program(order, files, "", 0); err != nil {
		return err
	}
	var failed []error
	for _, again := range due {
		failed = append(failed, p.relaunch(ctx, again, order, files))
	}
	for range lacking {
		failed = append(failed, p.launchNew(ctx, order, files))
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
		case s.Side != order.Side || s.Component != order.Component:
		case s.Version != order.Version || s.Digest != order.Digest:
			others = append(others, fmt.Sprintf("%s (%s, digest %.12s)", s.ID, s.Version, s.Digest))
		default:
			side = append(side, s)
		}
	}
	if len(others) > 0 {
		return nil, fmt.Errorf("%s still has instances of another version: %s: stop them first", order.Side, strings.Join(others, ", "))
	}
	return side, nil
}

// comeback is a slot whose process has ended, with what follows on it.
type comeback struct {
	slot slot
	last slotRun
	next slotRun
}

// shortfall finds which slots to start again now and how many are lacking. A
// slot in its pause counts as neither.
func (p *Platform) shortfall(ctx context.Context, side []slot, count int) (due []comeback, lacking int, err error) {
	open := count
	var ended []slot
	for _, s := range side {
		if _, stopping, err := s.stopping(); err != nil || stopping {
			if err != nil {
				return nil, 0, err
			}
			continue
		}
		run, _, err := s.run()
		if err != nil {
			return nil, 0, err
		}
		running, err := run.runs()
		if err != nil {
			return nil, 0, err
		}
		if running {
			open--
		} else {
			ended = append(ended, s)
		}
	}
	for _, s := range ended {
		if open <= 0 {
			break
		}
		open--
		again, wait, err := p.again(ctx, s)
		if err != nil {
			return nil, 0, err
		}
		if wait <= 0 {
			due = append(due, again)
		}
	}
	return due, max(open, 0), nil
}

// again says how a slot without a running process goes on.
func (p *Platform) again(ctx context.Context, s slot) (comeback, time.Duration, error) {
	last, launched, err := s.run()
	if err != nil || !launched {
		return comeback{slot: s}, 0, err
	}
	p.children.settle(ctx, last.Pid)
	end, err := s.end(last.identity)
	if err != nil {
		return comeback{}, 0, err
	}
	next, wait := last.next(end, p.boot, p.opt.Now())
	return comeback{slot: s, last: last, next: next}, wait, nil
}

// relaunch starts a slot again. What the process that ended has left running
// is ended first: it might hold the port, or do its work twice.
func (p *Platform) relaunch(ctx context.Context, again comeback, order release.StartOrder, files string) error {
	if err := p.endFamily(ctx, newFamily(again.last.identity)); err != nil {
		return fmt.Errorf("end what %s has left running: %w", again.slot.ID, err)
	}
	return p.launch(ctx, again.slot, order, files, again.next)
}

func (p *Platform) launchNew(ctx context.Context, order release.StartOrder, files string) error {
	s, err := p.at.makeSlot(slotSpec{
		App: order.App, Side: order.Side, Component: order.Component, Version: order.Version, Digest: order.Digest,
		Health: order.Artefact.Health, Stop: order.Artefact.Stop, Refs: environ.References(order.Artefact),
	})
	if err != nil {
		return err
	}
	return p.launch(ctx, s, order, files, slotRun{})
}
