package config

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Placeholders of a command and its environment are filled in when an
// instance starts. Those of a path are filled in when the release is planned,
// so that a snapshot is taken of the very files the version uses.
var (
	startPlaceholders = []string{"app", "files", "port", "side", "version"}
	probePlaceholders = []string{"app", "port", "side", "version"}
	pathPlaceholders  = []string{"app", "version"}
	// nativePlaceholders are those of a migration's commands; the revision is
	// filled in when one of them runs.
	nativePlaceholders = []string{"app", "revision", "version"}
	placeholder        = regexp.MustCompile(`\{\{([^{}]*)\}\}`)
)

// checkPlaceholders reports names in {{...}} that are not among the known.
func checkPlaceholders(text, path string, known []string, tell report) {
	for _, m := range placeholder.FindAllStringSubmatch(text, -1) {
		if slices.Contains(known, m[1]) {
			continue
		}
		cure := "the placeholders here are {{" + strings.Join(known, "}}, {{") + "}}"
		if n := nearest(strings.TrimSpace(m[1]), known); n != "" {
			cure = "did you mean {{" + n + "}}?"
		}
		tell(path, fmt.Sprintf("%s is not a placeholder", printable(m[0])), cure)
		return
	}
}

// fill replaces the placeholders of a path.
func fill(text, app, version string) string {
	return strings.NewReplacer("{{app}}", app, "{{version}}", version).Replace(text)
}
