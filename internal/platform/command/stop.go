package command

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"cutover/internal/release"
)

const (
	// stopRoom is how much longer than its grace an instance may take to end.
	stopRoom = 15 * time.Second
	// goneEvery is how often is looked whether it has ended.
	goneEvery = 100 * time.Millisecond
)

// Stop runs the stop command for each of the named instances and returns when
// the list command names none of them as alive: that alone counts, not how the
// stop command ended. Without a list command their addresses must not answer
// any more. Before the first command it is on record that they are being
// stopped. Instances that do not exist are no error.
func (p *Platform) Stop(ctx context.Context, order release.StopOrder) error {
	if order.Leave {
		if err := p.leave(ctx, order); err != nil {
			return err
		}
	}
	condemned, err := p.condemn(ctx, order)
	if err != nil {
		return fmt.Errorf("stop %s: %w", order.App, err)
	}
	failed := make([]error, len(condemned))
	var all sync.WaitGroup
	for i, e := range condemned {
		all.Go(func() {
			if err := p.end(ctx, e); err != nil {
				failed[i] = fmt.Errorf("stop %s: %w", e.ID, err)
			}
		})
	}
	all.Wait()
	return errors.Join(append(failed, p.strike(ctx, order.Stamp, condemned, failed))...)
}

// condemn marks the named instances that exist and returns them.
func (p *Platform) condemn(ctx context.Context, order release.StopOrder) ([]entry, error) {
	held, err := p.book.Hold(ctx, order.Stamp)
	if err != nil {
		return nil, err
	}
	defer held.Release()
	var named []entry
	for i := range held.Entries {
		e := &held.Entries[i]
		if !slices.Contains(order.Instances, e.ID) {
			continue
		}
		if !e.Ending() {
			e.Stopping = p.opt.Now()
		}
		named = append(named, entry{*e, order.App})
	}
	if len(named) == 0 {
		return nil, nil
	}
	return named, held.Save()
}

// end stops one instance, and sees to it that it is gone.
func (p *Platform) end(ctx context.Context, e entry) error {
	l, err := p.lifeOf(ctx, e, 0)
	if err == nil && !l.alive {
		return nil
	}
	within := e.Artefact.Stop.Grace + stopRoom
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	c, err := p.prepare(e.app, e.Entry, e.Artefact.Orders.Stop)
	if err != nil {
		return err
	}
	_, failed := c.run(ctx, within)
	e.Launched = false // its address alone says whether it still runs
	tick := time.NewTicker(goneEvery)
	defer tick.Stop()
	for {
		l, err := p.lifeOf(ctx, e, 0)
		switch {
		case err == nil && !l.alive:
			return nil
		case failed != nil:
			return failed
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return errors.Join(fmt.Errorf("its stop command ended, but it still runs %s later: stop it by hand", within), err)
		}
	}
}

// strike removes those that are gone from the roll.
func (p *Platform) strike(ctx context.Context, stamp release.Stamp, condemned []entry, failed []error) error {
	p.forgetLists()
	if len(condemned) == 0 {
		return nil
	}
	held, err := p.book.Hold(ctx, stamp)
	if err != nil {
		return err
	}
	defer held.Release()
	var errs []error
	for i, e := range condemned {
		if failed[i] == nil {
			held.Remove(e.ID)
			giveBack(e.Port)
			errs = append(errs, p.seen.Forget(e.app+"/"+e.ID))
		}
	}
	return errors.Join(append(errs, held.Save())...)
}

// leave forgets instances that ran before cutover knew of them, and lets them
// run on.
func (p *Platform) leave(ctx context.Context, order release.StopOrder) error {
	held, err := p.book.Hold(ctx, order.Stamp)
	if err != nil {
		return fmt.Errorf("leave %s: %w", order.App, err)
	}
	defer held.Release()
	var found []string
	for _, e := range held.Entries {
		if e.Adopted != nil && slices.Contains(order.Instances, e.ID) {
			found = append(found, e.ID)
		}
	}
	held.Remove(found...)
	return held.Save()
}
