package config

import (
	"path/filepath"
	"strings"
)

// LoadCheck puts the new instances under load before they get traffic, and
// demands figures.
type LoadCheck struct {
	// What to call it; without, the scenario's file or the first request.
	Name string `json:"name,omitempty"`
	// A file with kind: Load. Its target counts for nothing: the instances are the targets.
	Scenario string `json:"scenario,omitempty" example:"load.yaml"`
	// Paths to ask for by GET, in place of a scenario.
	Requests []string `json:"requests,omitempty"`
	// Iterations a second, whatever the answers do, such as 50/s; without, what the scenario says, or 10/s.
	Rate Text `json:"rate,omitempty"`
	// Users who wait for their answers, in place of a rate.
	Users int `json:"users,omitempty" jsonschema:"minimum=0,maximum=10000"`
	// How long; without, as long as the scenario says, or 30s.
	For Duration `json:"for,omitempty"`
	// What must come out, such as p99 < 300ms, in place of the scenario's; without any, no request may fail.
	Thresholds []Text `json:"thresholds,omitempty"`
}

// WarmUp is a load that the new instances get before they are tested. Nothing
// is judged by it.
type WarmUp struct {
	// A file with kind: Load; only what users do in it counts.
	Scenario string `json:"scenario,omitempty" example:"load.yaml"`
	// Paths to ask for by GET, in place of a scenario.
	Requests []string `json:"requests,omitempty"`
	// Iterations a second, for all instances together.
	Rate Text `json:"rate,omitempty" jsonschema:"default=10/s"`
	// How long.
	For Duration `json:"for,omitempty" jsonschema:"default=10s"`
}

func (WarmUp) shortKey() string { return "requests" }

// Baseline compares the new instances with the old ones, both under the same
// load in the same seconds, before any traffic moves. The old ones serve users
// meanwhile.
type Baseline struct {
	// A file with kind: Load; only what users do in it counts.
	Scenario string `json:"scenario,omitempty" example:"load.yaml"`
	// Paths to ask for by GET, in place of a scenario.
	Requests []string `json:"requests,omitempty"`
	// Iterations a second on each side; at most 50/s, since the old side carries users too.
	Rate Text `json:"rate,omitempty" jsonschema:"default=20/s"`
	// How long.
	For Duration `json:"for,omitempty" jsonschema:"default=1m"`
	// How much slower a request may be before it is a regression.
	Margin Margin `json:"margin,omitempty" jsonschema:"default=20%"`
	// What a regression does: warn says so, fail takes the release back.
	OnRegression string `json:"onRegression,omitempty" jsonschema:"default=warn,enum=warn,enum=fail"`
}

func (Baseline) shortKey() string { return "requests" }

// name is what results call the check.
func (c LoadCheck) name() string {
	switch {
	case c.Name != "":
		return c.Name
	case c.Scenario != "":
		return "load " + strings.TrimSuffix(filepath.Base(c.Scenario), filepath.Ext(c.Scenario))
	case len(c.Requests) > 0:
		return "load " + c.Requests[0]
	}
	return "load"
}
