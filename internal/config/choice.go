package config

import (
	"slices"
	"strconv"
)

// RuntimeType is what runs an app.
type RuntimeType string

// Driver is what steers traffic.
type Driver string

// StrategyType is the manner in which traffic moves.
type StrategyType string

var (
	runtimes       = []string{runtimeProcess, runtimeDocker, runtimeSwarm, runtimeCommand, runtimeStatic}
	plannedRuntime = []string{"kubernetes"}
	drivers        = []string{"embedded", nginxDriver, haproxyDriver}
	plannedDriver  = []string{"gatewayapi"}
	strategies     = []string{"canary", "blue-green", "rolling", "shadow"}
)

func (r *RuntimeType) fromText(text string) error {
	if text == "compose" {
		return &mistake{"a Compose file is no runtime of its own", "write type: docker, and in the component compose: {file: compose.yaml, service: web}"}
	}
	return choose(r, text, runtimes, plannedRuntime)
}

func (d *Driver) fromText(text string) error {
	return choose(d, text, drivers, plannedDriver)
}

func (s *StrategyType) fromText(text string) error {
	return choose(s, text, strategies, nil)
}

func (*RuntimeType) form() string  { return oneOf(runtimes) }
func (*Driver) form() string       { return oneOf(drivers) }
func (*StrategyType) form() string { return oneOf(strategies) }

// choose takes a word that is one of the choices. It reports one that is
// planned but cannot be chosen yet apart from one that is wrong.
func choose[S ~string](into *S, word string, have, planned []string) error {
	switch {
	case slices.Contains(have, word):
		*into = S(word)
		return nil
	case slices.Contains(planned, word):
		return &mistake{strconv.Quote(word) + " is not available yet", "write " + oneOf(have)}
	}
	return &mistake{strconv.Quote(word) + " is not one of the choices", meant(word, have)}
}
