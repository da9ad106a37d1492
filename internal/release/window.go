package release

import (
	"slices"
	"time"
)

// opens reports whether one of the windows is open at now, or when the next
// one opens. No windows means always open.
func opens(windows []Window, now time.Time) (time.Time, bool) {
	if len(windows) == 0 {
		return now, true
	}
	var next time.Time
	for _, win := range windows {
		for day := -1; day <= 7; day++ {
			midnight := now.UTC().Truncate(24*time.Hour).AddDate(0, 0, day)
			if len(win.Days) > 0 && !slices.Contains(win.Days, midnight.Weekday()) {
				continue
			}
			from, to := midnight.Add(win.From), midnight.Add(win.To)
			if win.To <= win.From {
				to = to.Add(24 * time.Hour)
			}
			if !now.Before(from) && now.Before(to) {
				return now, true
			}
			if from.After(now) && (next.IsZero() || from.Before(next)) {
				next = from
			}
		}
	}
	return next, false
}
