package config

import (
	"strings"
	"time"

	"cutover/internal/release"
)

// Purpose is what a release wants a load for.
type Purpose string

// The purposes.
const (
	ToCheck   Purpose = "check"
	ToWarmUp  Purpose = "warm-up"
	ToCompare Purpose = "baseline"
	// ToProbe is for what is sent beside users while traffic shifts.
	ToProbe Purpose = "synthetic"
)

// LoadOrder is a load as a release file asks for it. Either Scenario, an
// absolute path, or Requests says what is sent; Rate, Users and For may be
// empty.
type LoadOrder struct {
	Purpose    Purpose
	Scenario   string
	Requests   []string
	Rate       string
	Users      int
	For        time.Duration
	Thresholds []string
}

// LoadPlan is such a load made ready to be recorded.
type LoadPlan struct {
	Check release.LoadCheck
	// Writes names the requests that may change something.
	Writes []string
	// Rate is how many iterations a second there are at first, 0 for users.
	Rate float64
}

// Misfit says what is wrong with a key of a LoadOrder, such as "rate" or
// "thresholds[0]".
type Misfit struct{ Key, Reason, Cure string }

// Misfits are all that is wrong with one.
type Misfits []Misfit

// Error writes one misfit after the other.
func (m Misfits) Error() string {
	texts := make([]string, len(m))
	for i, one := range m {
		texts[i] = one.Key + ": " + one.Reason + "; " + one.Cure
	}
	return strings.Join(texts, "\n")
}
