package cli

import (
	"context"
	"fmt"
	"strings"

	"cutover/internal/api"
	"cutover/internal/release"
)

// resolve finds the release a person means: by its name, by its app's name
// (the one under way, else the last), or, with nothing named, the only one
// that it can be.
func resolve(ctx context.Context, c *api.Client, args []string) (string, error) {
	list, err := c.Releases(ctx, "")
	if err != nil {
		return "", reached(err)
	}
	if len(list) == 0 {
		return "", usage("there is no release yet; `cutover deploy -f FILE` begins one")
	}
	if len(args) == 1 {
		return named(list, args[0])
	}
	apps := map[string]bool{}
	var active []string
	for _, s := range list {
		apps[s.App] = true
		if !s.Phase.Ended() {
			active = append(active, s.Release)
		}
	}
	switch {
	case len(active) == 1:
		return active[0], nil
	case len(active) > 1:
		return "", usage("%d releases are under way; name one of %s", len(active), strings.Join(active, ", "))
	case len(apps) == 1:
		return list[len(list)-1].Release, nil
	}
	return "", usage("no release is under way; name one (`cutover history` lists them)")
}

// named prefers a release of that name over an app.
func named(list []release.State, name string) (string, error) {
	found := ""
	for _, s := range list {
		switch {
		case s.Release == name:
			return name, nil
		case s.App == name:
			found = s.Release
		}
	}
	if found == "" {
		return "", usage("there is no release or app named %q; `cutover history` lists them", name)
	}
	return found, nil
}

// reached turns the absence of a controller into what can be done about it.
func reached(err error) error {
	if isAbsent(err) {
		return usage("no controller runs for this state folder (%w); `cutover serve` starts one, `cutover deploy` does so by itself", err)
	}
	return err
}

// sideLabel names a version with its side.
func sideLabel(t release.Target) string {
	if t.Version == "" {
		return "nothing"
	}
	return fmt.Sprintf("%s (%s)", t.Version, t.Side)
}
