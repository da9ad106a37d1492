package hazard

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// Catalogue is what is known of an app's releases, as a file holds it.
type Catalogue struct {
	// App is the app's name, for people.
	App string `json:"app"`
	// Prefix is what the names of settings may begin with in the environment,
	// such as SUPERSET_FEATURE_.
	Prefix string `json:"prefix,omitempty"`
	// Releases are in the order in which they came out.
	Releases []Release `json:"releases"`
	// Hazards are revisions that are not harmless.
	Hazards []Hazard `json:"hazards"`
	// Removed are names that a release does not know any more.
	Removed []Removed `json:"removed"`
}

// Release is one of the app's, with what it migrates.
type Release struct {
	// Version is as much of the version as all with the same migrations
	// share, such as 4.1.
	Version string `json:"version"`
	// Head is the revision it needs.
	Head string `json:"head"`
	// Revisions are those since the release before, in the order in which
	// they can be run, Head the last. The first release has none.
	Revisions []string `json:"revisions,omitempty"`
}

// Kind says what a revision costs.
type Kind string

// The kinds, the worst first.
const (
	// Drops takes away what the older version maps.
	Drops Kind = "drops"
	// Retypes gives a column another type or form.
	Retypes Kind = "retypes"
	// Rewrites changes what users have made, so that the older version may
	// not understand it.
	Rewrites Kind = "rewrites"
	// Permissions changes who may do what.
	Permissions Kind = "permissions"
	// Locks keeps users waiting, but takes nothing away.
	Locks Kind = "locks"
)

var kinds = []Kind{Drops, Retypes, Rewrites, Permissions, Locks}

// Hazard is a revision that is not harmless.
type Hazard struct {
	Revision string `json:"revision"`
	// Release is the one that brought it.
	Release string `json:"release"`
	Kind    Kind   `json:"hazard"`
	// What is changed, and Why it matters.
	What string `json:"what"`
	Why  string `json:"why"`
}

// Removed are names that mean nothing from a version on.
type Removed struct {
	Version string `json:"version"`
	// Kind is what they are, such as "feature flag".
	Kind  string   `json:"kind"`
	Names []string `json:"names"`
}

// Read reads a catalogue. What is unknown, or contradicts itself, is an error.
func Read(data []byte) (Catalogue, error) {
	var c Catalogue
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&c); err != nil {
		return c, fmt.Errorf("read the catalogue: %w", err)
	}
	if d.More() {
		return c, errors.New("read the catalogue: something follows its end")
	}
	return c, c.check()
}

func (c Catalogue) check() error {
	for i, r := range c.Releases {
		if _, err := parse(r.Version); err != nil {
			return fmt.Errorf("read the catalogue: %w", err)
		}
		if i > 0 && !before(c.Releases[i-1].Version, r.Version) {
			return fmt.Errorf("read the catalogue: release %s does not come after %s", r.Version, c.Releases[i-1].Version)
		}
		if n := len(r.Revisions); n > 0 && r.Revisions[n-1] != r.Head {
			return fmt.Errorf("read the catalogue: the revisions of %s end at %s, not at its head %s", r.Version, r.Revisions[n-1], r.Head)
		}
	}
	for _, h := range c.Hazards {
		if h.Revision == "" || h.What == "" || h.Why == "" || !slices.Contains(kinds, h.Kind) {
			return fmt.Errorf("read the catalogue: revision %q needs what, why, and a hazard out of %v", h.Revision, kinds)
		}
	}
	for _, r := range c.Removed {
		if _, err := parse(r.Version); err != nil || len(r.Names) == 0 {
			return fmt.Errorf("read the catalogue: what was removed in %q needs a version such as 5.0 and names", r.Version)
		}
	}
	return nil
}

// Of returns the hazards of revisions, in their order.
func (c Catalogue) Of(revisions []string) []Hazard {
	var found []Hazard
	for _, revision := range revisions {
		for _, h := range c.Hazards {
			if h.Revision == revision {
				found = append(found, h)
			}
		}
	}
	return found
}
