package config

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"cutover/internal/release"
)

// Percent is a share of the traffic, written like 5%, 5 or 0.5 (half a
// percent), with at most two decimals.
type Percent release.Weight

var percentForm = regexp.MustCompile(`^\d{1,3}(\.\d{1,2})?%?$`)

func (p *Percent) fromText(text string) error {
	f, err := percentage(text)
	if err != nil {
		return err
	}
	*p = Percent(release.Percent(f))
	return nil
}

// percentage reads a number from 0 to 100 with or without a percent sign.
func percentage(text string) (float64, error) {
	f, err := strconv.ParseFloat(strings.TrimSuffix(text, "%"), 64)
	switch {
	case err == nil && (f < 0 || f > 100):
		return 0, &mistake{text + " is not between 0% and 100%", "write a percentage such as 5%"}
	case err != nil || !percentForm.MatchString(text):
		return 0, &mistake{fmt.Sprintf("%q is not a percentage", text), "write one with at most two decimals, such as 5% or 0.5%"}
	}
	return f, nil
}

// String writes the percentage with its sign.
func (p Percent) String() string { return release.Weight(p).String() }

func (*Percent) form() string { return "a percentage such as 5%" }
