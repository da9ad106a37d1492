package report

import (
	"fmt"
	"math"
	"time"

	"cutover/internal/release"
)

const (
	// dateTime and clock are how times are written, always in UTC.
	dateTime = "2006-01-02 15:04:05 UTC"
	clock    = "15:04:05"
	unknown  = "-"
)

// number writes a whole number as people do: 1,840.
func number(n float64) string {
	switch {
	case math.IsNaN(n) || n < 0:
		return unknown
	case n >= 1e15:
		return "over 1,000,000,000,000,000"
	case n > 0 && n < 1:
		return "less than 1"
	}
	text := fmt.Sprintf("%.0f", n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// measured writes a number that need not be whole.
func measured(n float64) string {
	if n == math.Trunc(n) && math.Abs(n) < 1e15 {
		return fmt.Sprintf("%.0f", n)
	}
	return fmt.Sprintf("%.4g", n)
}

func percent(share float64) string {
	switch {
	case math.IsNaN(share):
		return unknown
	case share > 0 && share < 0.0001:
		return "under 0.01 %"
	case share < 0.1:
		return fmt.Sprintf("%.2f %%", 100*share)
	}
	return fmt.Sprintf("%.1f %%", 100*share)
}

func percentOf(share *float64) string {
	if share == nil {
		return unknown
	}
	return percent(*share)
}

// lasted leaves out what is too fine to matter.
func lasted(d time.Duration) string {
	switch {
	case d >= 10*time.Second:
		d = d.Round(time.Second)
	case d >= time.Second:
		d = d.Round(100 * time.Millisecond)
	case d >= time.Millisecond:
		d = d.Round(time.Millisecond)
	default:
		d = d.Round(10 * time.Microsecond)
	}
	return release.Span(d)
}

// times writes how often, if it is more than once.
func often(n int) string {
	if n < 2 {
		return ""
	}
	return fmt.Sprintf(" (%d times)", n)
}

func yes(is bool, yes, no string) string {
	if is {
		return yes
	}
	return no
}
