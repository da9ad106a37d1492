package config

import (
	"time"

	"cutover/internal/release"
)

// Synthetic is what both sides are asked by cutover itself while traffic
// shifts and soaks, where users ask too little for a verdict. The same request
// goes to an instance of each side at about the same time, past the front, with
// the header Cutover-Synthetic: 1. It is a test of its own beside the users',
// with a quarter of guard.falseAlarms: evidence against the new version takes
// it back as theirs does.
type Synthetic struct {
	// A file with kind: Load; only what users do in it counts.
	Scenario string `json:"scenario,omitempty" example:"load.yaml"`
	// Paths to ask for by GET, in place of a scenario.
	Requests []string `json:"requests,omitempty"`
	// How many requests, or runs of the scenario, each side gets; at most 10/s, and four under way.
	Rate Text `json:"rate,omitempty" jsonschema:"default=2/s"`
	// They are sent while a side gets fewer requests of users in a minute than this.
	WhenBelow int `json:"whenBelow,omitempty" jsonschema:"default=60,minimum=1,maximum=1000000"`
	// What goes wrong on one side within this time counts once: a fault that is over sooner is no sign of a worse version.
	Block Duration `json:"block,omitempty" jsonschema:"default=5s"`
	// Lets evidence for the new version end a hold that has too few requests of users; without, it only speaks against a version.
	Promotes bool `json:"promotes,omitempty"`
	// Says that what the scenario writes does no harm, however often. Without, it may only read: GET and HEAD.
	Writes bool `json:"writes,omitempty"`
}

func (Synthetic) shortKey() string { return "requests" }

// longestBlock bounds a block: evidence comes one block at a time.
const longestBlock = Duration(5 * time.Minute)

// syntheticLasts is a time for the form of a load, which has one. It counts for
// nothing.
const syntheticLasts = time.Minute

func (s Synthetic) validate(strategy string, tell report) {
	checkPositive(s.Block, "block", tell)
	if s.Block > longestBlock {
		tell("block", s.Block.String()+" is too long: evidence comes one block at a time", "write at most 5m")
	}
	if strategy == "shadow" {
		tell("", "a release that is only a shadow never shifts traffic, so nothing would be sent", "remove it")
	}
}

// asked is the load that goes with it.
func (s Synthetic) asked(scenario func(string) string) loadAsked {
	return loadAsked{path: "spec.checks.synthetic", name: "synthetic", readOnly: !s.Writes,
		order: LoadOrder{Purpose: ToProbe, Scenario: scenario(s.Scenario), Requests: s.Requests, Rate: string(s.Rate), For: syntheticLasts}}
}

// resolve gives it its core form.
func (s Synthetic) resolve(p LoadPlan) *release.Synthetic {
	return &release.Synthetic{Plan: p.Check.Plan, Runs: s.Scenario != "", Rate: p.Rate, WhenBelow: s.WhenBelow,
		Block: time.Duration(s.Block), Promotes: s.Promotes}
}
