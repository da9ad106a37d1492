package fault

import (
	"context"
	"net/http"
	"path/filepath"
	"time"
)

// Mood is a way in which an instance misbehaves while its process lives.
type Mood string

// The moods.
const (
	// Hangs takes every request, the probe's too, and answers none until it is
	// over.
	Hangs Mood = "instance hangs"
	// FailsUsers answers users with 500 while the probe hears that all is well.
	FailsUsers Mood = "instance lies: probe good, users get 500"
	// FailsProbe answers users well while the probe hears 503.
	FailsProbe Mood = "instance lies: probe bad, users served"
	// Stubborn ignores SIGTERM.
	Stubborn Mood = "instance refuses to die"
)

// Moods lists them all.
func Moods() []Mood { return []Mood{Hangs, FailsUsers, FailsProbe, Stubborn} }

// Moody is an instance whose mood a Dial sets. The program under test puts its
// handler through Wrap and asks Ignores before it obeys SIGTERM.
type Moody struct {
	// Dir is the folder with the dials, ID the instance's own.
	Dir, ID string
	// Probe is the path that the probe asks for.
	Probe string
}

func (m Moody) dial() string { return filepath.Join(m.Dir, m.ID+".mood") }

// Put has the instance fall into the mood.
func (m Moody) Put(mood Mood) Fault {
	return Dial{Path: m.dial(), Setting: string(mood), Means: string(mood)}
}

// Ignores reports whether SIGTERM is to be ignored now.
func (m Moody) Ignores() bool { return Mood(ReadDial(m.dial())) == Stubborn }

// moodEvery is how often an instance that hangs looks whether it still does.
const moodEvery = 20 * time.Millisecond

// Wrap returns the handler with the moods of the instance.
func (m Moody) Wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		probe := r.URL.Path == m.Probe
		switch mood := Mood(ReadDial(m.dial())); {
		case mood == Hangs:
			if !m.sulk(r.Context()) {
				return
			}
		case mood == FailsUsers && !probe:
			http.Error(w, "this instance fails its users", http.StatusInternalServerError)
			return
		case mood == FailsProbe && probe:
			http.Error(w, "this instance says it is ill", http.StatusServiceUnavailable)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// sulk returns true when the instance no longer hangs, false if ctx ends first.
func (m Moody) sulk(ctx context.Context) bool {
	tick := time.NewTicker(moodEvery)
	defer tick.Stop()
	for Mood(ReadDial(m.dial())) == Hangs {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return false
		}
	}
	return true
}
