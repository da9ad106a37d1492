package engine

import (
	"context"
	"fmt"
	"strings"

	"cutover/internal/release"
)

// Switch records that a flag of an app is to be off, or on again, for the part
// of the app that ask names. It reports false where that is so already and the
// app knows it, or is being told; where telling it had failed, it is tried again.
func (e *Engine) Switch(ctx context.Context, app string, ask release.Switched, who string) (bool, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.book == nil {
		return false, ErrNotLeading
	}
	standing, known := e.book.standings[app]
	current, begun := e.book.current(app)
	switch {
	case !known || !begun:
		return false, refuse("there is no app named %s; `cutover status` lists them", app)
	case standing.Restored != nil:
		return false, refuse("%s; %s", standing.Restored.Halt().Reason, standing.Restored.Halt().Cure)
	}
	if _, known := standing.Flag(ask.Flag); !known {
		return false, refuse("%s has no flag named %q: %s", app, ask.Flag, declared(standing))
	}
	only, err := standing.Scope(ask, current.Plan)
	if err != nil {
		return false, refuse("%w", err)
	}
	ask.Only = only
	if state, _ := standing.FlagFor(ask.Flag, only); state.Off == ask.Off && !state.GaveUp() {
		return false, nil
	}
	if err := e.recordLocked(ctx, app, current.Release, who, ask); err != nil {
		return false, err
	}
	e.workerLocked(app).nudge()
	return true, nil
}

// declared says which flags there are instead.
func declared(s release.Standing) string {
	var names []string
	for _, f := range s.Flags {
		names = append(names, f.Name)
	}
	if len(names) == 0 {
		return "declare it below spec.flags of the App; it is known from the next release on"
	}
	return fmt.Sprintf("there are %s; one that was declared since is known from the next release on", strings.Join(names, ", "))
}

// flagged completes an order to start instances with what its version is to be
// told of its flags. A version that comes in waits until its app was told: it
// must not bring back what is switched off.
func (e *Engine) flagged(ctx context.Context, s release.State, order release.StartOrder) (release.StartOrder, error) {
	incoming := order.Side == s.Plan.To.Side
	flags := s.Plan.Flags
	if !incoming {
		flags = e.Standing(s.App).Plan.Flags
	}
	if incoming && len(flags) > 0 && s.Phase.Reversible() {
		if err := e.awaitTold(ctx, s.App, flags); err != nil {
			return order, err
		}
	}
	if vars := e.Standing(s.App).FlagVariables(flags, order.Version, order.Component); len(vars) > 0 {
		order.Artefact = order.Artefact.With(vars...)
	}
	return order, nil
}

// awaitTold waits until the app was told of all flags.
func (e *Engine) awaitTold(ctx context.Context, app string, flags []release.Flag) error {
	if e.Flags == nil {
		return errNoFlags
	}
	for {
		changed := e.Changed()
		name, why, failed, ok := e.Standing(app).Untold(flags)
		switch {
		case ok:
			return nil
		case failed:
			return fmt.Errorf("the new version would not know the state of flag %s: %s; `cutover flags` says what to do", name, why)
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("the new version would not know the state of flag %s yet: %w", name, ctx.Err())
		}
	}
}
