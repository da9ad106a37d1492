package process

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"cutover/internal/environ"
	"cutover/internal/logtail"
)

const (
	// keptLogs is how many logs of instances that are gone an app keeps.
	keptLogs = 20
	// logTail is how much of a log is read for its last line.
	logTail = 8 << 10
)

// pruneLogs removes the oldest logs of instances that no longer exist. The
// caller has the app's lock.
func (l layout) pruneLogs(app string, slots []slot) error {
	entries, err := os.ReadDir(l.logs(app))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("prune logs: %w", err)
	}
	var old []string
	for _, e := range entries {
		id := strings.TrimSuffix(e.Name(), logSuffix)
		exists := slices.ContainsFunc(slots, func(s slot) bool { return s.ID == id })
		if slotNumber(id) > 0 && !exists {
			old = append(old, id)
		}
	}
	slices.SortFunc(old, func(a, b string) int { return cmp.Compare(slotNumber(b), slotNumber(a)) })
	for _, id := range old[min(keptLogs, len(old)):] {
		if err := os.Remove(l.log(app, id)); err != nil {
			return fmt.Errorf("prune logs: %w", err)
		}
	}
	return nil
}

// lastLine returns the last line of the instance's log that is not blank,
// with its secrets masked, or "" if there is none or it cannot be read.
func (l layout) lastLine(s slot) string {
	f, err := os.Open(l.log(s.App, s.ID))
	if err != nil {
		return ""
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.Size() > logTail {
		_, _ = f.Seek(-logTail, io.SeekEnd)
	}
	tail, err := io.ReadAll(io.LimitReader(f, logTail))
	if err != nil {
		return ""
	}
	return logtail.Last(tail, s.secrets()...)
}

// secrets returns the values of the slot's references as far as they can be
// found now.
func (s slot) secrets() []string {
	var values []string
	for _, ref := range s.Refs {
		if value, err := environ.Resolve(ref); err == nil {
			values = append(values, value)
		}
	}
	return values
}
