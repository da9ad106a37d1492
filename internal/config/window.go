package config

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"cutover/internal/release"
)

// Window is a weekly span of time in which releases may begin, written like
// "02:00-05:00 UTC" or "Mon-Fri 09:00-17:00 UTC" or "Sat,Sun 22:00-04:00 UTC".
// One that ends before it begins ends on the next day.
type Window struct {
	text string
	span release.Window
}

var (
	windowForm = regexp.MustCompile(`^(?:(\S+) )?(\d\d):(\d\d)-(\d\d):(\d\d)(?: (\S+))?$`)
	dayNames   = []string{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"}
)

func (w *Window) fromText(text string) error {
	parts := windowForm.FindStringSubmatch(text)
	if parts == nil {
		return &mistake{strconv.Quote(text) + " is not a window", `write one such as "02:00-05:00 UTC" or "Mon-Fri 09:00-17:00 UTC"`}
	}
	if parts[6] != "UTC" {
		return &mistake{"windows are in UTC, and this one does not say so", fmt.Sprintf("convert the times and write %q", strings.TrimSpace(strings.TrimSuffix(text, parts[6]))+" UTC")}
	}
	span := release.Window{From: clock(parts[2], parts[3]), To: clock(parts[4], parts[5])}
	switch {
	case span.From < 0 || span.From >= 24*time.Hour || span.To < 0:
		return &mistake{strconv.Quote(text) + " has a time that does not exist", "write times from 00:00 to 24:00"}
	case span.From == span.To:
		return &mistake{"the window has no length", `write "00:00-24:00 UTC" for the whole day`}
	}
	var err error
	if parts[1] != "" {
		span.Days, err = days(parts[1])
	}
	*w = Window{text, span}
	return err
}

// String writes the window as the file did.
func (w Window) String() string { return w.text }

func (*Window) form() string { return `a window such as "02:00-05:00 UTC"` }

// clock returns the offset from midnight, negative if there is no such time.
func clock(hours, minutes string) time.Duration {
	h, errH := strconv.Atoi(hours)
	m, errM := strconv.Atoi(minutes)
	if errH != nil || errM != nil || m > 59 || h > 24 || h == 24 && m > 0 {
		return -1
	}
	return time.Duration(h)*time.Hour + time.Duration(m)*time.Minute
}

// days reads "Mon-Fri", "Sat,Sun" or a mixture, each day once.
func days(text string) ([]time.Weekday, error) {
	var chosen [7]bool
	for span := range strings.SplitSeq(text, ",") {
		from, to, ranged := strings.Cut(span, "-")
		first, last := day(from), day(from)
		if ranged {
			last = day(to)
		}
		if first < 0 || last < 0 {
			return nil, &mistake{strconv.Quote(span) + " is not a day", "write days as Mon, Tue, Wed, Thu, Fri, Sat, Sun, such as Mon-Fri or Sat,Sun"}
		}
		for d := first; ; d = (d + 1) % 7 {
			chosen[d] = true
			if d == last {
				break
			}
		}
	}
	var list []time.Weekday
	for d, yes := range chosen {
		if yes {
			list = append(list, time.Weekday(d))
		}
	}
	return list, nil
}

func day(name string) int {
	for i, n := range dayNames {
		if n == name {
			return i
		}
	}
	return -1
}
