package engine

import (
	"context"
	"fmt"
	"time"

	"cutover/internal/release"
	"cutover/internal/store"
)

// unresumed reports whether the app waits for a person because its journal was
// restored: it is looked at then, and nothing is decided or done.
func (e *Engine) unresumed(app string) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.book != nil && e.book.standings[app].Restored != nil
}

// RecordRestored records for every app in the journal that its end is missing,
// so that whichever controller opens it next does nothing before a person
// resumes. Repeating it adds a further record and changes nothing else.
func RecordRestored(ctx context.Context, j store.Journal, lease store.Lease, at time.Time, who string, ev release.Restored) (store.Head, error) {
	b, err := openBook(ctx, j)
	if err != nil {
		return store.Head{}, err
	}
	for app := range b.standings {
		if err := b.append(ctx, lease, app, "", who, at, ev); err != nil {
			return b.head, fmt.Errorf("record for %s that the journal was restored: %w", app, err)
		}
	}
	return b.head, nil
}
