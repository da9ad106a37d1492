package config

import (
	"fmt"
	"reflect"
	"strings"
)

// document is one YAML document: where each key was written, and where
// problems with it go. App, Release and Policy each hold theirs.
type document struct {
	source *source
	// root is the type the document is read into.
	root reflect.Type
	// whole is where the document begins.
	whole  spot
	places map[string]spot
	// told holds the paths that a problem was reported for already, so that
	// one mistake is told once.
	told map[string]bool
}

type spot struct{ line, column int }

func newDocument(s *source, n *node, root reflect.Type) *document {
	return &document{source: s, root: root, whole: spot{n.line, n.column}, places: map[string]spot{}, told: map[string]bool{}}
}

// has reports whether the key was written, rather than left to its default.
func (d *document) has(path string) bool {
	_, ok := d.places[path]
	return ok
}

// at returns the place of a key, or of the nearest group around it that was
// written.
func (d *document) at(path string) Place {
	s := d.spot(path)
	return Place{d.source.name, s.line, s.column}
}

func (d *document) spot(path string) spot {
	for p := path; p != ""; p = parent(p) {
		if s, ok := d.places[p]; ok {
			return s
		}
	}
	return d.whole
}

// report records a problem with the value of a key.
func (d *document) report(path, reason, cure string) {
	s := d.spot(path)
	d.reportAt(s, path, reason, cure)
}

func (d *document) reportAt(s spot, path, reason, cure string) {
	if d.told[path] {
		return
	}
	d.told[path] = true
	d.source.report(s.line, s.column, path, reason, cure)
}

// reporter returns a report for the keys below a path.
func (d *document) reporter(base string) report {
	return func(path, reason, cure string) { d.report(join(base, path), reason, cure) }
}

// report tells a problem with the key at a path, "" for the group itself.
type report func(path, reason, cure string)

// in returns a report for the keys below a path.
func (r report) in(base string) report {
	return func(path, reason, cure string) { r(join(base, path), reason, cure) }
}

// join puts a key behind a path. A key with a dot or bracket is quoted.
func join(base, key string) string {
	switch {
	case key == "":
		return base
	case base == "", strings.HasPrefix(key, "["):
		return base + key
	}
	return base + "." + key
}

// element is the path of a list's item.
func element(base string, i int) string { return fmt.Sprintf("%s[%d]", base, i) }

// entry is the path of a map's value.
func entry(base, key string) string {
	if strings.ContainsAny(key, ".[]\"") || key == "" {
		key = fmt.Sprintf("%q", key)
	}
	return join(base, key)
}

// parent cuts the last key or index off a path.
func parent(path string) string {
	if strings.HasSuffix(path, `"`) {
		if i := strings.Index(path, `."`); i >= 0 {
			return path[:i]
		}
	}
	return path[:max(strings.LastIndexAny(path, ".["), 0)]
}
