package config

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Duration is a span of time, written like 30s, 10m, 1h30m or 7d.
type Duration time.Duration

// maxDuration keeps sums and doublings far from overflow: ten years.
const maxDuration = 3650 * 24 * time.Hour

var (
	durationForm = regexp.MustCompile(`^(?:(\d+)d)?((?:\d+(?:\.\d+)?(?:ms|s|m|h))*)$`)
	bareNumber   = regexp.MustCompile(`^\d+(\.\d+)?$`)
	spelledOut   = regexp.MustCompile(`(?i)^(\d+)\s*(ms|s|m|h|d|w)[a-z]*$`)
)

func (d *Duration) fromText(text string) error {
	parts := durationForm.FindStringSubmatch(text)
	switch {
	case text == "0":
		*d = 0
		return nil
	case parts == nil || text == "":
		return durationMistake(text)
	}
	days, err := strconv.Atoi("0" + parts[1])
	if err != nil || days > 3650 {
		return &mistake{text + " is too long", "write at most 3650d"}
	}
	rest := time.Duration(0)
	if parts[2] != "" {
		if rest, err = time.ParseDuration(parts[2]); err != nil {
			return durationMistake(text)
		}
	}
	if rest > maxDuration {
		return &mistake{text + " is too long", "write at most 3650d"}
	}
	*d = Duration(time.Duration(days)*24*time.Hour + rest)
	return nil
}

func durationMistake(text string) error {
	cure := "write a number with a unit: 30s, 10m, 1h30m or 7d"
	if bareNumber.MatchString(text) {
		return &mistake{text + " has no unit", fmt.Sprintf("write %ss, %sm, %sh or %sd", text, text, text, text)}
	}
	if m := spelledOut.FindStringSubmatch(text); m != nil {
		if unit := unitMeant(text, m[2]); unit != "" {
			cure = fmt.Sprintf(`did you mean "%s%s"?`, m[1], unit)
		}
	}
	return &mistake{fmt.Sprintf("%q is not a duration", text), cure}
}

// unitMeant guesses a unit that was spelled out, "" if it cannot be guessed.
func unitMeant(text, letter string) string {
	lower := strings.ToLower(text)
	switch {
	case strings.Contains(lower, "milli"):
		return "ms"
	case strings.Contains(lower, "mo"), letter == "w" || letter == "W":
		return ""
	}
	return strings.ToLower(letter)
}

// String writes the shortest form that reads back as the same: 90s is 1m30s,
// 24h stays 24h, and from two days on whole days are 2d.
func (d Duration) String() string {
	t := time.Duration(d)
	if t >= 48*time.Hour && t%(24*time.Hour) == 0 {
		return fmt.Sprintf("%dd", t/(24*time.Hour))
	}
	s := t.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

func (*Duration) form() string { return "a duration such as 30s, 10m or 7d" }
