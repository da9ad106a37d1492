package command

import (
	"context"
	"errors"
	"fmt"
	"time"

	"cutover/internal/platform/roll"
	"cutover/internal/release"
	"cutover/internal/restart"
)

// startWithin is how long a start command may take.
const startWithin = 25 * time.Second

// Start brings the side to order.Count running instances by the start command,
// one call each. An instance is in the roll before its command is run, so that
// one which is cut off is known and started again under the same name. It
// never stops an instance, and leaves one that keeps ending alone until its
// pause is over. Instances that were adopted are entered as they were found.
func (p *Platform) Start(ctx context.Context, order release.StartOrder) error {
	if err := checkOrder(order); err != nil {
		return fmt.Errorf("start %s: %w", order.App, err)
	}
	held, err := p.book.Hold(ctx, order.Stamp)
	if err != nil {
		return fmt.Errorf("start %s %s: %w", order.App, order.Version, err)
	}
	defer held.Release()
	if err := p.fulfil(ctx, order, held); err != nil {
		return fmt.Errorf("start %s %s on %s: %w", order.App, order.Version, order.Side, err)
	}
	return nil
}

func (p *Platform) fulfil(ctx context.Context, order release.StartOrder, held *roll.Held) error {
	if err := held.Unmixed(order); err != nil {
		return err
	}
	if held.Adopt(order, p.opt.Now()) {
		if err := held.Save(); err != nil {
			return err
		}
	}
	due, lacking, err := p.shortfall(ctx, order, held)
	if err != nil || len(due)+lacking == 0 {
		return err
	}
	if !canStart(order.Artefact) {
		return errors.New("it was adopted, and nothing says how to start it: start it by hand, or go on without it")
	}
	// What cannot be started is found out before anything is.
	if err := p.preparable(order); err != nil {
		return err
	}
	defer p.forgetLists()
	var failed []error
	for _, i := range due {
		failed = append(failed, p.again(ctx, order, held, i))
	}
	for range lacking {
		held.Add(order)
		failed = append(failed, p.launch(ctx, order, held, len(held.Entries)-1))
	}
	return errors.Join(failed...)
}

// shortfall finds which entries to start again now and how many are lacking.
// One in its pause counts as neither.
func (p *Platform) shortfall(ctx context.Context, order release.StartOrder, held *roll.Held) (due []int, lacking int, err error) {
	open := order.Count
	var ended []int
	for i, e := range held.Entries {
		if !e.Of(order) || e.Ending() {
			continue
		}
		l, err := p.lifeOf(ctx, entry{e, order.App}, 0)
		if err != nil {
			return nil, 0, err
		}
		if l.alive {
			open--
		} else {
			ended = append(ended, i)
		}
	}
	for _, i := range ended {
		if open <= 0 {
			break
		}
		open--
		if (entry{held.Entries[i], order.App}).pause(p.opt.Now()) <= 0 {
			due = append(due, i)
		}
	}
	return due, max(open, 0), nil
}

// pause returns how long an instance that ended has to wait.
func (e entry) pause(now time.Time) time.Duration {
	ran := now.Sub(e.Since)
	if !e.Launched || ran >= restart.Steady {
		return 0
	}
	return restart.Pause(e.Streak+1) - ran // the run that has just ended is not counted yet
}

// again starts an instance that has ended. One whose start never came to an end
// has not run: that is no restart.
func (p *Platform) again(ctx context.Context, order release.StartOrder, held *roll.Held, i int) error {
	e := &held.Entries[i]
	if e.Launched || e.Adopted != nil {
		e.Restarts++
		e.Streak++
		if p.opt.Now().Sub(e.Since) >= restart.Steady {
			e.Streak = 1
		}
	}
	e.Launched, e.Adopted = false, nil
	return p.launch(ctx, order, held, i)
}

// launch runs the start command of an entry, which is on record before that.
func (p *Platform) launch(ctx context.Context, order release.StartOrder, held *roll.Held, i int) error {
	e := &held.Entries[i]
	if e.Name == "" && (e.Port == 0 || !canListen(e.Port)) {
		port, err := takePort()
		if err != nil {
			return err
		}
		giveBack(e.Port)
		e.Port, e.Addr = port, loopback(port)
	}
	e.Since = p.opt.Now()
	if err := held.Save(); err != nil {
		return err
	}
	c, err := p.prepare(order.App, *e, order.Artefact.Orders.Start)
	if err != nil {
		return err
	}
	_, err = c.run(ctx, startWithin)
	if err != nil {
		e.Note = "its start command failed: " + err.Error()
		err = fmt.Errorf("start %s: %w", e.ID, err)
	} else {
		e.Launched, e.Note = true, ""
		p.opt.Logger.Info("instance started by command", "app", order.App, "instance", e.ID, "restarts", e.Restarts)
	}
	return errors.Join(err, held.Save())
}
