package hazard

import (
	"regexp"
	"strings"
)

// Gone is a name in a text that means nothing to a version.
type Gone struct {
	Name string
	// Kind is what it was, Since the version without it.
	Kind, Since string
	// Line counts from 1.
	Line int
}

var word = regexp.MustCompile(`[A-Za-z_][A-Za-z0-9_]*`)

// GoneFrom finds the names in a text that a version does not know any more. A
// line's comment, from # on, does not count. It finds nothing if the version
// is not a number such as 4.1.2, with whatever follows it.
func (c Catalogue) GoneFrom(text, version string) []Gone {
	gone := map[string]Gone{}
	for _, r := range c.Removed {
		if _, err := parse(version); err != nil || before(version, r.Version) {
			continue
		}
		for _, name := range r.Names {
			gone[name] = Gone{Name: name, Kind: r.Kind, Since: r.Version}
		}
	}
	var found []Gone
	for n, line := range strings.Split(text, "\n") {
		line, _, _ = strings.Cut(line, "#")
		for _, name := range word.FindAllString(line, -1) {
			g, ok := gone[strings.TrimPrefix(name, c.Prefix)]
			if ok {
				g.Line = n + 1
				found = append(found, g)
			}
		}
	}
	return found
}
