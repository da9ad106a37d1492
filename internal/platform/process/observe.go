package process

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"cutover/internal/durable"
	"cutover/internal/release"
)

const (
	// atOnce is how many instances are looked at in parallel.
	atOnce = 32
	// patience is how long Observe waits for the answer to a probe.
	patience = 2 * time.Second
)

// Observe lists the instances of app, oldest first, with those that ended and
// were not stopped. Each instance that runs is asked for its readiness, in
// parallel and not more often than its Health says; in between the last
// answer holds, and also while an answer takes longer than two seconds: how
// long a probe may take in all is up to Health and does not hold Observe up.
func (p *Platform) Observe(ctx context.Context, app string) ([]release.Instance, error) {
	if err := checkApp(app); err != nil {
		return nil, fmt.Errorf("observe: %w", err)
	}
	slots, err := p.at.slotsOf(app)
	if err != nil {
		return nil, fmt.Errorf("observe %s: %w", app, err)
	}
	p.watches.keep(app, slots)
	list := make([]release.Instance, len(slots))
	failed := make([]error, len(slots))
	turns := make(chan struct{}, atOnce)
	var all sync.WaitGroup
	for i, s := range slots {
		all.Go(func() {
			turns <- struct{}{}
			defer func() { <-turns }()
			list[i], failed[i] = p.look(ctx, s)
		})
	}
	all.Wait()
	if err := errors.Join(append(failed, ctx.Err())...); err != nil {
		return nil, fmt.Errorf("observe %s: %w", app, err)
	}
	return list, nil
}

// look describes one slot.
func (p *Platform) look(ctx context.Context, s slot) (release.Instance, error) {
	in := release.Instance{ID: s.ID, Side: s.Side, Component: s.Component, Version: s.Version, Digest: s.Digest}
	mark, stopping, err := s.stopping()
	if err != nil {
		return in, err
	}
	run, launched, err := s.run()
	if err != nil {
		return in, err
	}
	in.Stopping = stopping
	if !launched {
		in.Detail = "not launched yet"
		return in, nil
	}
	in.Addr, in.Restarts, in.Since, in.Log = s.addr(run), run.Restarts, run.At, p.at.log(s.App, s.ID)
	if s.Adopted != nil && run.Port == 0 {
		in.Log = "" // its output goes where it always went
	}
	if in.Alive, err = run.runs(); err != nil {
		return in, err
	}
	if in.Alive {
		in.Pid = run.Pid
	}
	switch {
	case stopping:
		in.Detail = "being stopped since " + mark.At.UTC().Format(time.RFC3339)
		return in, nil
	case in.Alive:
		return in, p.lookReady(ctx, s, run, &in)
	}
	return in, p.lookEnded(ctx, s, run, &in)
}

// lookReady fills in the readiness of an instance that runs.
func (p *Platform) lookReady(ctx context.Context, s slot, run slotRun, in *release.Instance) error {
	wait, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	seen := p.watches.of(s, run).Look(wait, p.opt.Now)
	// It may have ended while it was asked.
	var err error
	if in.Alive, err = run.runs(); err != nil {
		return err
	}
	if !in.Alive {
		return p.lookEnded(ctx, s, run, in)
	}
	in.Ready, in.ReadySince, in.Detail = seen.Ready, seen.Since, seen.Detail
	if !in.Ready && run.Restarts > 0 {
		in.Detail += "; " + p.runBefore(s)
	}
	return nil
}

// runBefore says how the run before this one ended.
func (p *Platform) runBefore(s slot) string {
	end, _, err := durable.ReadRecord[slotEnd](s.endFile())
	if err != nil || end.How == "" {
		return "the run before ended by itself"
	}
	return "the run before ended by itself: " + end.How
}

// lookEnded says how an instance ended and when it may be started again.
func (p *Platform) lookEnded(ctx context.Context, s slot, run slotRun, in *release.Instance) error {
	p.children.settle(ctx, run.Pid)
	end, err := s.end(run.identity)
	if err != nil {
		return err
	}
	in.Detail = end.How
	if in.Detail == "" {
		in.Detail = "ended while no controller was there to see how"
	}
	if line := p.at.lastLine(s); line != "" {
		in.Detail += "; last line of its log: " + line
	}
	if _, wait := run.next(end, p.boot, p.opt.Now()); wait > 0 {
		in.Detail += fmt.Sprintf("; to be started again in %s", wait.Round(100*time.Millisecond))
	}
	return nil
}
