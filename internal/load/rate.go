package load

import (
	"fmt"
	"strconv"
	"strings"
)

// ParseRate reads how often something happens, such as 100/s, 90/m or 5000/h,
// and returns it a second. The error is a *Flaw.
func ParseRate(text string) (float64, error) {
	r, err := parseRate(text)
	if err != nil {
		cure := "write a number and a time: 100/s, 90/m or 5000/h"
		if _, numeric := strconv.ParseFloat(text, 64); numeric == nil {
			cure = "write " + text + "/s, /m or /h"
		}
		return 0, &Flaw{Reason: strconv.Quote(text) + " is not a rate", Cure: cure}
	}
	return r, nil
}

func parseRate(text string) (float64, error) {
	number, unit, _ := strings.Cut(text, "/")
	in, ok := map[string]float64{"s": 1, "m": 60, "h": 3600}[unit]
	if !ok {
		return 0, fmt.Errorf("%q has no time", text)
	}
	f, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	if err == nil && !(f >= 0 && f < 1e9) {
		err = fmt.Errorf("%s is out of range", number)
	}
	return f / in, err
}
