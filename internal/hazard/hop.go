package hazard

import (
	"fmt"
	"slices"
	"strings"
)

// Hop is the way from one version to another.
type Hop struct {
	// From and To are the revisions before and after, Revisions those after
	// From in their order. There are none if nothing is migrated.
	From, To  string
	Revisions []string
}

// Between finds the hop between two versions. It is an error if the catalogue
// does not know one of them, or if there is no way forward.
func (c Catalogue) Between(from, to string) (Hop, error) {
	i, err := c.release(from)
	if err != nil {
		return Hop{}, err
	}
	j, err := c.release(to)
	if err != nil {
		return Hop{}, err
	}
	if j < i || !before(from, to) {
		return Hop{}, fmt.Errorf("%s does not come before %s: nothing is known of a way back", from, to)
	}
	h := Hop{From: c.Releases[i].Head, To: c.Releases[j].Head}
	for _, r := range c.Releases[i+1 : j+1] {
		h.Revisions = append(h.Revisions, r.Revisions...)
	}
	return h, nil
}

// release finds the one a version belongs to.
func (c Catalogue) release(version string) (int, error) {
	at := slices.IndexFunc(c.Releases, func(r Release) bool {
		return version == r.Version || strings.HasPrefix(version, r.Version+".")
	})
	if at >= 0 {
		return at, nil
	}
	var known []string
	for _, r := range c.Releases {
		known = append(known, r.Version)
	}
	return 0, fmt.Errorf("nothing is known of the migrations of %s %q: the versions are %s and their patches", c.App, version, strings.Join(known, ", "))
}
