package config

import (
	"reflect"
	"testing"
	"time"

	"cutover/internal/release"
)

func TestWindowsAreReadWithTheirDays(t *testing.T) {
	t.Parallel()
	const h = time.Hour
	for text, want := range map[string]release.Window{
		"02:00-05:00 UTC":             {From: 2 * h, To: 5 * h},
		"22:30-04:00 UTC":             {From: 22*h + 30*time.Minute, To: 4 * h},
		"00:00-24:00 UTC":             {From: 0, To: 24 * h},
		"Mon-Wed 09:00-17:00 UTC":     {Days: []time.Weekday{1, 2, 3}, From: 9 * h, To: 17 * h},
		"Fri-Mon 09:00-17:00 UTC":     {Days: []time.Weekday{0, 1, 5, 6}, From: 9 * h, To: 17 * h},
		"Sat,Sun 00:00-06:00 UTC":     {Days: []time.Weekday{0, 6}, From: 0, To: 6 * h},
		"Sun 00:00-06:00 UTC":         {Days: []time.Weekday{0}, From: 0, To: 6 * h},
		"Mon-Tue,Tue 01:00-02:00 UTC": {Days: []time.Weekday{1, 2}, From: h, To: 2 * h},
	} {
		var w Window
		if err := w.fromText(text); err != nil || !reflect.DeepEqual(w.span, want) {
			t.Errorf("%s reads as %+v, %v; want %+v", text, w.span, err, want)
		}
	}
	for _, text := range []string{
		"", "2:00-5:00 UTC", "02:00-05:00", "02:00-05:60 UTC", "24:00-05:00 UTC", "24:01-05:00 UTC", "02:00-02:00 UTC",
		"Mon- 02:00-05:00 UTC", "mon 02:00-05:00 UTC", "Mon 02:00-05:00 CEST", "Mon Tue 02:00-05:00 UTC",
	} {
		var w Window
		if err := w.fromText(text); err == nil {
			t.Errorf("%q reads as %+v; want an error", text, w.span)
		}
	}
}
