//go:build superset

package superset_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// telling are the lines of logs by which a user's failure is explained.
var telling = regexp.MustCompile(`deadlock|still waiting for|canceling statement|terminating connection|could not be retrieved|Failed at getting query|OperationalError|InternalError|PendingRollback`)

// complaints returns what PostgreSQL and the instances logged that may be
// behind a failure, with some lines after each.
func (h *house) complaints() string {
	var b strings.Builder
	if text, err := os.ReadFile(pg.LogPath()); err == nil {
		b.WriteString(linesAround(string(text)))
	}
	_ = filepath.WalkDir(h.state, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".log" {
			return nil
		}
		if text, err := os.ReadFile(path); err == nil {
			if found := linesAround(string(text)); found != "" {
				b.WriteString("---- " + path + "\n" + found)
			}
		}
		return nil
	})
	return b.String()
}

// linesAround returns the telling lines of a log, at most 40 of them.
func linesAround(log string) string {
	var b strings.Builder
	more, found := 0, 0
	for line := range strings.SplitSeq(log, "\n") {
		if telling.MatchString(line) && found < 40 {
			more, found = 6, found+1
		}
		if more--; more >= 0 {
			b.WriteString(line + "\n")
		}
	}
	return b.String()
}
