package command

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"cutover/internal/platform/lookout"
	"cutover/internal/probe"
	"cutover/internal/release"
)

// atOnce is how many instances are looked at in parallel.
const atOnce = 32

// Observe lists the instances of app that were started here and not stopped,
// oldest first. What the list command names beside them is not the app's. If
// that command fails, nothing is known and an error says so.
func (p *Platform) Observe(ctx context.Context, app string) ([]release.Instance, error) {
	page, err := p.book.Read(app)
	if err != nil {
		return nil, fmt.Errorf("observe %s: %w", app, err)
	}
	list := make([]release.Instance, len(page.Entries))
	failed := make([]error, len(page.Entries))
	turns := make(chan struct{}, atOnce)
	var all sync.WaitGroup
	for i, e := range page.Entries {
		all.Go(func() {
			turns <- struct{}{}
			defer func() { <-turns }()
			list[i], failed[i] = p.look(ctx, entry{e, app})
		})
	}
	all.Wait()
	// One list command speaks for all: its error need not be said for each.
	for _, err := range append(failed, ctx.Err()) {
		if err != nil {
			return nil, fmt.Errorf("observe %s: %w", app, err)
		}
	}
	return list, nil
}

func (p *Platform) look(ctx context.Context, e entry) (release.Instance, error) {
	in := release.Instance{ID: e.ID, Side: e.Side, Component: e.Component, Version: e.Version, Digest: e.Digest, Restarts: e.Restarts, Since: e.Since}
	l, err := p.lifeOf(ctx, e, e.Artefact.Health.Every)
	if err != nil {
		return in, err
	}
	in.Alive, in.Addr, in.Detail, in.Stopping = l.alive, l.addr, l.detail, e.Ending()
	switch {
	case in.Stopping:
		in.Detail = "being stopped since " + e.Stopping.UTC().Format(time.RFC3339)
	case in.Alive:
		seen := p.seen.Look(ctx, p.subject(e, l.addr))
		in.Ready, in.ReadySince, in.Detail = seen.Ready, seen.Since, seen.Detail
	case e.Launched:
		if wait := e.pause(p.opt.Now()); wait > 0 {
			in.Detail += fmt.Sprintf("; to be started again in %s", wait.Round(100*time.Millisecond))
		}
	}
	return in, nil
}

// subject is what is asked whether it is ready.
func (p *Platform) subject(e entry, addr string) lookout.Subject {
	h := e.Artefact.Health
	return lookout.Subject{
		Key: e.app + "/" + e.ID, Run: fmt.Sprintf("%d/%s/%d", e.Restarts, addr, e.Since.UnixNano()), Health: h,
		Ask: func(ctx context.Context) error {
			switch {
			case h.Running:
				return nil // whoever looks has seen that it runs
			case len(h.Command) > 0:
				return p.askCommand(ctx, e, h)
			case addr == "":
				return errors.New("nobody has said at which address it is")
			}
			return probe.Ask(ctx, h, addr)
		},
	}
}

func (p *Platform) askCommand(ctx context.Context, e entry, h release.Health) error {
	c, err := p.prepare(e.app, e.Entry, h.Command)
	if err != nil {
		return err
	}
	_, err = c.run(ctx, probe.Limit(h))
	return err
}
