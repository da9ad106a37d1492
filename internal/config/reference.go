package config

import (
	"path/filepath"
	"strings"

	"cutover/internal/environ"
)

// isReference reports whether a value says where a secret is rather than
// what it is.
func isReference(value string) bool { return environ.IsReference(value) }

// checkReference reports a reference that names nothing.
func checkReference(value, path string, tell report) {
	if name, ok := strings.CutPrefix(value, "env:"); ok && !envForm.MatchString(name) {
		tell(path, "env: must be followed by the name of an environment variable", "write it like env:SHOP_PASSWORD")
	}
	if name, ok := strings.CutPrefix(value, "file:"); ok && strings.TrimSpace(name) == "" {
		tell(path, "file: must be followed by the path of a file", "write it like file:/run/secrets/shop")
	}
}

// absoluteReference makes the path of a file: reference absolute. Other
// values stay as they are.
func absoluteReference(value, dir string) string {
	if name, ok := strings.CutPrefix(value, "file:"); ok {
		return "file:" + absolute(name, dir)
	}
	return value
}

// absolute resolves a path against the folder of the file it stands in.
func absolute(path, dir string) string {
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join(dir, path)
}
