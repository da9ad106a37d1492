package rehearsal_test

import (
	"testing"

	"cutover/internal/rehearsal"
)

// The table of the PostgreSQL manual, chapter "Explicit Locking": a column and
// a row conflict where there is an X.
func TestLocksConflictAsTheManualSays(t *testing.T) {
	t.Parallel()
	modes := []string{"AccessShareLock", "RowShareLock", "RowExclusiveLock", "ShareUpdateExclusiveLock", "ShareLock", "ShareRowExclusiveLock", "ExclusiveLock", "AccessExclusiveLock"}
	for i, row := range []string{
		".......X",
		"......XX",
		"....XXXX",
		"...XXXXX",
		"..XX.XXX",
		"..XXXXXX",
		".XXXXXXX",
		"XXXXXXXX",
	} {
		for j := range modes {
			if got, want := rehearsal.Conflicts(modes[i], modes[j]), row[j] == 'X'; got != want {
				t.Errorf("%s after %s: conflict %t, want %t", modes[i], modes[j], got, want)
			}
		}
	}
}
