package engine

import (
	"context"
	"errors"
	"fmt"

	"cutover/internal/release"
)

// ErrRefused means that a request makes no sense now; its text says why and
// what does.
var ErrRefused = errors.New("refused")

func refuse(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrRefused}, args...)...)
}

// Deploy records a plan and begins it. A release of that name that was already
// recorded with the same artefact is left to go on, so that repeating a
// deployment is harmless; resumed reports that.
func (e *Engine) Deploy(ctx context.Context, p release.Plan, who string) (resumed bool, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.book == nil {
		return false, ErrNotLeading
	}
	if have, ok := e.book.releases[p.Release]; ok {
		if have.App != p.App || have.Plan.To.Digest != p.To.Digest ||
			have.Phase == release.RolledBack || have.Phase == release.Compared {
			return false, refuse("a release named %s exists already (%s); give this one another name", p.Release, have.Word())
		}
		if now := e.book.standings[p.App]; have.Phase == release.Done && now.Plan.Release != p.Release {
			return false, refuse("release %s is done, and since release %s, %s serves; to bring %s in again, give the release another name",
				p.Release, now.Plan.Release, named(now.Serves()), have.Plan.To.Version)
		}
		return true, nil
	}
	if err := e.admit(p); err != nil {
		return false, err
	}
	p.FlagsOff = e.book.standings[p.App].FlagsOff()
	if err := e.recordLocked(ctx, p.App, p.Release, who, release.RecordedPlan{Plan: p}); err != nil {
		return false, err
	}
	e.workerLocked(p.App).nudge()
	return false, nil
}

// admit says why a plan may not begin now.
func (e *Engine) admit(p release.Plan) error {
	switch {
	case p.Schema.Changes() && e.Schema == nil:
		return refuse("%w", errNoSchema)
	case (p.Backup.Wanted() || p.Strategy == release.Restore) && e.Backups == nil:
		return refuse("%w", errNoBackups)
	case p.Rehearsal.Wanted() && e.Rehearsals == nil:
		return refuse("%w", errNoRehearsals)
	case len(p.Flags) > 0 && e.Flags == nil:
		return refuse("%w", errNoFlags)
	}
	if err := admitSignals(e.Signals, p); err != nil {
		return err
	}
	if err := admitPools(e.Pools, p); err != nil {
		return err
	}
	if err := admitSynthetic(e.Synthetic, p); err != nil {
		return err
	}
	for _, other := range e.book.standings {
		if path := other.Occupies(p); path != "" {
			return refuse("%s has the flags of %s: name a file of its own for %s", path, other.App, p.App)
		}
	}
	standing := e.book.standings[p.App]
	if err := standing.Refuses(p, e.book.releases[standing.Active]); err != nil {
		return refuse("%w", err)
	}
	if have := standing.Serves(); have.Version != p.From.Version || have.Digest != p.From.Digest {
		return refuse("the plan starts from %s, but %s serves %s; make the plan again", named(p.From), p.App, named(have))
	}
	return nil
}

func named(t release.Target) string {
	if t.Version == "" {
		return "nothing"
	}
	return t.Version
}

// Request records what a person asks of a release. It is refused if the state
// does not permit it; asking again for what is already under way is harmless.
func (e *Engine) Request(ctx context.Context, name string, verb release.Verb, who, reason string) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.book == nil {
		return ErrNotLeading
	}
	s, ok := e.book.releases[name]
	if !ok {
		return refuse("there is no release named %s; `cutover history` lists them", name)
	}
	standing := e.book.standings[s.App]
	if err := standing.Permits(verb, s); err != nil {
		return refuse("%w", err)
	}
	if standing.Restored != nil {
		name = "" // it is the app that is resumed
	}
	if err := e.recordLocked(ctx, s.App, name, who, release.Requested{Verb: verb, Reason: reason}); err != nil {
		return err
	}
	e.workerLocked(s.App).nudge()
	return nil
}

// Allow lifts the rejection of a version.
func (e *Engine) Allow(ctx context.Context, app, version, who, reason string) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.book == nil {
		return ErrNotLeading
	}
	if _, ok := e.book.standings[app].Rejects(version); !ok {
		return refuse("version %s of %s is not rejected", version, app)
	}
	return e.recordLocked(ctx, app, "", who, release.Allowed{Version: version, Reason: reason})
}
