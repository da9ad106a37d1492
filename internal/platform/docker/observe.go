package docker

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"cutover/internal/logtail"
	"cutover/internal/platform/docker/house"
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
// answer holds, and also while an answer takes longer than two seconds. A
// daemon that does not answer is an error: nothing is known then.
func (p *Platform) Observe(ctx context.Context, app string) ([]release.Instance, error) {
	if err := house.CheckApp(app); err != nil {
		return nil, fmt.Errorf("observe: %w", err)
	}
	slots, err := p.at.Known(ctx, app)
	if err != nil {
		return nil, fmt.Errorf("observe %s: %w", app, err)
	}
	p.watches.keep(app, slots)
	list, failed := make([]release.Instance, len(slots)), make([]error, len(slots))
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
	var there []release.Instance
	for _, in := range list {
		if in.ID != "" {
			there = append(there, in)
		}
	}
	return there, nil
}

// look describes one slot. It has no ID if the slot is gone.
func (p *Platform) look(ctx context.Context, s slot) (release.Instance, error) {
	seen, found, err := s.look(ctx)
	if err != nil || !found {
		return release.Instance{}, err
	}
	notes := p.notesOf(s)
	mark, stopping, err := notes.stopping()
	if err != nil {
		return release.Instance{}, err
	}
	run, err := notes.run()
	if err != nil {
		return release.Instance{}, err
	}
	in := release.Instance{
		ID: s.ID, Side: s.Side, Component: s.Component, Version: s.Version, Digest: s.Digest, Addr: seen.addr,
		Alive: seen.state.Running, Stopping: stopping, Restarts: run.Restarts, Since: seen.started,
	}
	switch {
	case stopping:
		in.Detail = "being stopped since " + mark.At.UTC().Format(time.RFC3339)
	case in.Alive && seen.state.Paused:
		in.Detail = "its container is paused: docker unpause lets it go on"
	case in.Alive:
		return in, p.lookReady(ctx, s, seen, &in)
	case seen.started.IsZero():
		in.Detail = "not launched yet"
		if seen.state.Error != "" {
			in.Detail = "could not be launched: " + logtail.Last([]byte(seen.state.Error), s.Secrets()...)
		}
	default:
		return in, p.lookEnded(ctx, s, seen, &in)
	}
	return in, nil
}

// lookReady fills in the readiness of an instance that runs.
func (p *Platform) lookReady(ctx context.Context, s slot, seen sight, in *release.Instance) error {
	wait, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	ready := p.watches.of(s, seen, p.notesOf(s)).Look(wait, p.opt.Now)
	if !ready.Ready {
		// It may have ended while it was asked.
		again, found, err := s.look(ctx)
		switch {
		case err != nil:
			return err
		case !found:
			*in = release.Instance{}
			return nil
		case !again.state.Running:
			in.Alive = false
			return p.lookEnded(ctx, s, again, in)
		}
	}
	in.Ready, in.ReadySince, in.Detail = ready.Ready, ready.Since, ready.Detail
	if !in.Ready && in.Restarts > 0 {
		in.Detail += "; the run before ended by itself"
	}
	return nil
}

// lookEnded says how an instance ended and when it may be started again.
func (p *Platform) lookEnded(ctx context.Context, s slot, seen sight, in *release.Instance) error {
	in.Detail = fmt.Sprintf("exit status %d", seen.state.ExitCode)
	if seen.state.OOMKilled {
		in.Detail += ", for it had used up its memory"
	}
	if line := s.lastLine(ctx); line != "" {
		in.Detail += "; last line of its log: " + line
	}
	_, wait, err := p.again(s, seen)
	if err != nil {
		return err
	}
	if wait > 0 {
		in.Detail += fmt.Sprintf("; to be started again in %s", wait.Round(100*time.Millisecond))
	}
	return nil
}

// lastLine returns the last line of the container's log that is not blank,
// with its secrets masked, or "" if there is none or it cannot be read.
func (s slot) lastLine(ctx context.Context) string {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return s.daemon.LastLine(ctx, s.container, s.Secrets()...)
}
