package release

import (
	"testing"
	"time"
)

// at returns a time in the week of Monday 2 March 2026.
func at(day time.Weekday, clock string) time.Time {
	c, err := time.Parse("15:04", clock)
	if err != nil {
		panic(err)
	}
	date := 2 + (int(day)+6)%7
	return time.Date(2026, 3, date, c.Hour(), c.Minute(), 0, 0, time.UTC)
}

func TestAWindowIsOpenFromItsBeginningUntilBeforeItsEnd(t *testing.T) {
	t.Parallel()
	const h = time.Hour
	day, night := Window{From: 9 * h, To: 17 * h}, Window{From: 22 * h, To: 4 * h}
	on := func(w Window, days ...time.Weekday) Window { w.Days = days; return w }
	for name, c := range map[string]struct {
		windows []Window
		now     time.Time
		open    bool
		next    time.Time
	}{
		"no window":                        {nil, at(time.Monday, "03:00"), true, time.Time{}},
		"at its first instant":             {[]Window{day}, at(time.Monday, "09:00"), true, time.Time{}},
		"a moment before":                  {[]Window{day}, at(time.Monday, "08:59"), false, at(time.Monday, "09:00")},
		"in its last minute":               {[]Window{day}, at(time.Monday, "16:59"), true, time.Time{}},
		"at its end":                       {[]Window{day}, at(time.Monday, "17:00"), false, at(time.Tuesday, "09:00")},
		"before midnight":                  {[]Window{night}, at(time.Monday, "23:00"), true, time.Time{}},
		"after midnight":                   {[]Window{night}, at(time.Tuesday, "03:59"), true, time.Time{}},
		"at the end of the night":          {[]Window{night}, at(time.Tuesday, "04:00"), false, at(time.Tuesday, "22:00")},
		"the night belongs to its evening": {[]Window{on(night, time.Saturday)}, at(time.Sunday, "02:00"), true, time.Time{}},
		"and not to its morning":           {[]Window{on(night, time.Sunday)}, at(time.Sunday, "02:00"), false, at(time.Sunday, "22:00")},
		"another day":                      {[]Window{on(day, time.Wednesday)}, at(time.Monday, "12:00"), false, at(time.Wednesday, "09:00")},
		"over for today, back next week":   {[]Window{on(day, time.Monday)}, at(time.Monday, "18:00"), false, at(time.Monday, "09:00").AddDate(0, 0, 7)},
		"the first of several":             {[]Window{on(day, time.Friday), on(night, time.Tuesday), on(day, time.Thursday)}, at(time.Monday, "12:00"), false, at(time.Tuesday, "22:00")},
		"one of several is enough":         {[]Window{on(day, time.Friday), on(day, time.Monday)}, at(time.Monday, "12:00"), true, time.Time{}},
		"from and to alike is a whole day": {[]Window{on(Window{From: 6 * h, To: 6 * h}, time.Monday)}, at(time.Tuesday, "05:59"), true, time.Time{}},
		"until midnight":                   {[]Window{{From: 20 * h, To: 24 * h}}, at(time.Monday, "23:59"), true, time.Time{}},
		"another time zone":                {[]Window{on(day, time.Monday)}, at(time.Monday, "10:00").In(time.FixedZone("far", 14*3600)), true, time.Time{}},
		"another time zone's tomorrow": {[]Window{on(day, time.Monday)}, at(time.Monday, "18:00").In(time.FixedZone("far", 14*3600)), false,
			at(time.Monday, "09:00").AddDate(0, 0, 7)},
	} {
		next, open := opens(c.windows, c.now)
		if open != c.open || !open && !next.Equal(c.next) {
			t.Errorf("%s: open %t, next %s; want %t, %s", name, open, next, c.open, c.next)
		}
	}
}

func TestAtWhateverTimeTheNextOpeningIsWithinAWeekAndReallyOpen(t *testing.T) {
	t.Parallel()
	w := []Window{{Days: []time.Weekday{time.Tuesday, time.Saturday}, From: 22 * time.Hour, To: 90 * time.Minute}}
	openFor := 0
	for now := at(time.Monday, "00:00"); now.Before(at(time.Monday, "00:00").AddDate(0, 0, 14)); now = now.Add(10 * time.Minute) {
		next, open := opens(w, now)
		if open {
			openFor++
			continue
		}
		if left := next.Sub(now); left <= 0 || left > 7*24*time.Hour {
			t.Fatalf("at %s the next opening is %s", now, next)
		}
		if _, open := opens(w, next); !open {
			t.Fatalf("at %s it is to open %s, when it is closed", now, next)
		}
		if _, open := opens(w, next.Add(-time.Second)); open {
			t.Fatalf("at %s it is to open %s, when it is open already", now, next)
		}
	}
	if want := 4 * 21; openFor != want {
		t.Errorf("in two weeks it was open for %d spans of ten minutes, want %d", openFor, want)
	}
}
