//go:build superset

package superset_test

import "strings"

// hop is an upgrade from one version of Superset to the next.
type hop struct {
	from, to string
	// nginx is in front of it, in place of cutover's own proxy.
	nginx bool
	// short leaves out all but the upgrade, without a rehearsal, and the way back
	// from standby.
	short bool
}

func (h hop) String() string {
	text := h.from + " to " + h.to
	if h.nginx {
		text += " behind nginx"
	}
	return text
}

// name is what the profile calls the upgrade.
func (h hop) name() string { return "superset-" + strings.ReplaceAll(h.to, ".", "-") }
