package engine

import (
	"slices"

	"cutover/internal/release"
)

// View is everything there is to say about a release now.
type View struct {
	State       release.State       `json:"state"`
	Explanation release.Explanation `json:"explanation"`
	// World is the last look around; its Now is zero before the first one, and
	// for a release that no longer decides anything.
	World release.World `json:"world"`
	// Troubles says what could not be observed, and why.
	Troubles []string `json:"troubles,omitempty"`
}

// View returns the view of a release, or false if there is none of that name.
func (e *Engine) View(name string) (View, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.book == nil {
		return View{}, false
	}
	s, ok := e.book.releases[name]
	if !ok {
		return View{}, false
	}
	s.Test = nil // for the next controller only; the verdict has its numbers
	s = e.book.standings[s.App].Shown(s)
	v := View{State: s}
	current, _ := e.book.current(s.App)
	k := e.workers[s.App]
	if k == nil || current.Release != name {
		v.Explanation = release.Explain(s, release.World{Now: e.now()})
		v.Explanation.Waits = nil
		return v, true
	}
	k.mu.Lock()
	v.World, v.Troubles = k.seen, slices.Clone(k.troubles)
	k.mu.Unlock()
	seen := v.World
	if seen.Now.IsZero() {
		seen.Now = e.now()
	}
	v.Explanation = release.Explain(s, seen)
	return v, true
}

// Releases returns the state of every release, oldest first.
func (e *Engine) Releases() []release.State {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.book == nil {
		return nil
	}
	list := e.book.history()
	for i, s := range list {
		list[i] = e.book.standings[s.App].Shown(s)
	}
	return list
}

// Standing returns what stands of an app; the zero value if nothing is known.
func (e *Engine) Standing(app string) release.Standing {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.book == nil {
		return release.Standing{App: app}
	}
	s := e.book.standings[app]
	s.App = app
	return s
}

// Standings returns what stands of every app, by name.
func (e *Engine) Standings() []release.Standing {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.book == nil {
		return nil
	}
	list := make([]release.Standing, 0, len(e.book.standings))
	for _, s := range e.book.standings {
		list = append(list, s)
	}
	slices.SortFunc(list, func(a, b release.Standing) int {
		if a.App < b.App {
			return -1
		}
		return 1
	})
	return list
}

// Leading reports whether this controller is in charge, and under which
// generation.
func (e *Engine) Leading() (uint64, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.lease.Generation, e.book != nil
}
