package sqlite

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"cutover/internal/audit"
)

// stale is far longer than any process takes to put a file in its place.
const stale = time.Hour

// unfinished is what the names of journals begin with that are being made.
func unfinished(path string) string { return "." + filepath.Base(path) + "-new-" }

// sweep removes what processes left beside the journal that died before they
// could put it in its place, if it is older than before.
func sweep(path string, before time.Time) error {
	folder := filepath.Dir(path)
	entries, err := os.ReadDir(folder)
	if err != nil {
		return fmt.Errorf("tidy up beside the journal %s: %w", path, err)
	}
	for _, entry := range entries {
		name := entry.Name()
		if !strings.HasPrefix(name, unfinished(path)) && !strings.HasPrefix(name, audit.CheckpointOf(path).Unfinished()) {
			continue
		}
		// What another process puts in its place meanwhile is gone, and well.
		info, err := entry.Info()
		if err != nil || !info.ModTime().Before(before) {
			continue
		}
		if err := os.RemoveAll(filepath.Join(folder, name)); err != nil {
			return fmt.Errorf("tidy up beside the journal %s: %w", path, err)
		}
	}
	return nil
}
