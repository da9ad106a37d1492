package config

import (
	"fmt"
	"time"

	"cutover/internal/release"
)

// Strategy is the manner in which traffic moves.
type Strategy struct {
	// canary moves traffic in steps, blue-green at once, rolling replaces instances batch by batch, shadow moves none and compares answers.
	Type StrategyType `json:"type,omitempty" jsonschema:"default=canary"`
	// fixed holds each step as hold says; adaptive holds it until there is evidence that it may go on, and no longer.
	Pace string `json:"pace,omitempty" jsonschema:"default=fixed,enum=fixed,enum=adaptive"`
	// The traffic steps of a canary: percentages that grow and end at 100. Standard: 5, 10, 25, 50, 100; adaptive: 5, 25, 100.
	Steps []Step `json:"steps,omitempty"`
	// How long each step is held, and for what evidence. Standard for adaptive: at least 10s, at most 30m.
	Hold Hold `json:"hold,omitzero" default:"1m"`
	// The share of a canary that stays with the old version at the last step and while it soaks, to compare with. Standard: 0%; adaptive: 5%.
	Holdback Percent `json:"holdback,omitempty" jsonschema:"default=0%"`
	// The watch at full traffic before standby begins.
	Soak Hold `json:"soak,omitzero" default:"5m"`
	// How long the old version then stays ready to take everything back.
	Standby Duration `json:"standby,omitempty" jsonschema:"default=24h"`
	// The batches of a rolling update.
	Rolling Rolling `json:"rolling,omitzero"`
	// Tries the new version on copies of requests before it gets any traffic; with type shadow that is the whole release.
	Shadow *Shadow `json:"shadow,omitempty"`
}

func (Strategy) shortKey() string { return "type" }

// Step is one share of the traffic.
type Step struct {
	// The share the new version gets.
	Weight Percent `json:"weight" jsonschema:"required" example:"5%"`
	// How long this step is held; what it does not say is as in strategy.hold.
	Hold *Hold `json:"hold,omitempty"`
}

func (Step) shortKey() string { return "weight" }

// Hold ends when its time has passed, its requests have been served and the
// verdict is healthy.
type Hold struct {
	// The time that must pass.
	AtLeast Duration `json:"atLeast,omitempty"`
	// The requests the new version must have had.
	AtLeastRequests int `json:"atLeastRequests,omitempty" jsonschema:"default=100,minimum=0"`
	// The time after which the release pauses and says why; 0 means never. Standard: 1h, or twice atLeast if that is longer.
	AtMost Duration `json:"atMost,omitempty" jsonschema:"default=1h"`
}

func (Hold) shortKey() string { return "atLeast" }

// Rolling says how batches go.
type Rolling struct {
	// How many instances are replaced at once.
	Parallelism int `json:"parallelism,omitempty" jsonschema:"default=1,minimum=1,maximum=1000"`
	// The wait between batches.
	Delay Duration `json:"delay,omitempty" jsonschema:"default=0s"`
	// How long a batch is watched.
	Monitor Duration `json:"monitor,omitempty" jsonschema:"default=5s"`
	// The share of new instances that may fail.
	MaxFailureRatio Ratio `json:"maxFailureRatio,omitempty" jsonschema:"default=0"`
	// What happens if more fail.
	OnFailure string `json:"onFailure,omitempty" jsonschema:"default=rollback,enum=rollback,enum=pause"`
}

// standardSteps are the steps of a canary that names none.
var standardSteps = []release.Weight{500, 1000, 2500, 5000, release.All}

// The same for an adaptive pace, where the evidence does what small steps and
// long holds do otherwise.
var adaptiveSteps = []release.Weight{500, 2500, release.All}

const (
	adaptiveLeast    = Duration(10 * time.Second)
	adaptiveMost     = Duration(30 * time.Minute)
	adaptiveHoldback = Percent(500)
)

// complete fills in what depends on other settings. has tells which keys
// below the strategy were written.
func (s *Strategy) complete(has func(path string) bool) {
	standard := standardSteps
	if s.adaptive() {
		standard = adaptiveSteps
		s.Hold.adapt("hold", has)
		s.Soak.adapt("soak", has)
		if s.Type == "canary" && !has("holdback") {
			s.Holdback = adaptiveHoldback
		}
	}
	s.Hold.complete("hold", has)
	s.Soak.complete("soak", has)
	s.completeShadow(has)
	switch {
	case s.Type == "canary" && !has("steps"):
		for _, w := range standard {
			s.Steps = append(s.Steps, Step{Weight: Percent(w)})
		}
	case s.Type == "blue-green":
		s.Steps = []Step{{Weight: Percent(release.All)}}
	}
	for i := range s.Steps {
		s.Steps[i].inherit(s.Hold, element("steps", i), has)
	}
}

func (s Strategy) adaptive() bool { return s.Pace == string(release.Adaptive) }

// adapt leaves it to the evidence how long a hold lasts.
func (h *Hold) adapt(path string, has func(path string) bool) {
	if !has(join(path, "atLeast")) && path != "soak" {
		h.AtLeast = adaptiveLeast
	}
	if !has(join(path, "atLeastRequests")) {
		h.AtLeastRequests = 0
	}
	if !has(join(path, "atMost")) {
		h.AtMost = adaptiveMost
	}
}

func (h *Hold) complete(path string, has func(path string) bool) {
	if !has(join(path, "atMost")) {
		h.AtMost = max(h.AtMost, 2*h.AtLeast)
	}
}

// inherit takes from the strategy's hold what the step does not say.
func (s *Step) inherit(from Hold, path string, has func(path string) bool) {
	own := from
	if s.Hold != nil {
		at := join(path, "hold")
		if has(join(at, "atLeast")) {
			own.AtLeast = s.Hold.AtLeast
		}
		if has(join(at, "atLeastRequests")) {
			own.AtLeastRequests = s.Hold.AtLeastRequests
		}
		if has(join(at, "atMost")) {
			own.AtMost = s.Hold.AtMost
		} else if own.AtMost > 0 {
			own.AtMost = max(own.AtMost, 2*own.AtLeast)
		}
	}
	s.Hold = &own
}

func (s Strategy) validate(replicas int, has func(path string) bool, tell report) {
	s.Hold.validate(tell.in("hold"))
	s.Soak.validate(tell.in("soak"))
	if s.Type != "canary" && has("steps") {
		tell("steps", "only a canary has steps", fmt.Sprintf("remove them, or write type: canary instead of %s", s.Type))
	}
	if s.Shadow != nil {
		s.Shadow.validate(tell.in("shadow"))
		if s.Type == "rolling" {
			tell("shadow", "a rolling update has no place beside the old instances to try the new version in", "write type: canary or blue-green, or remove it")
		}
	}
	if s.Type != "rolling" && has("rolling") {
		tell("rolling", fmt.Sprintf("the type is %s, so nothing of this would count", s.Type), "write type: rolling, or remove it")
	}
	if s.Type == "rolling" && s.adaptive() {
		tell("pace", "a rolling update goes on when its batches are up, not by evidence", "write type: canary, or remove it")
	}
	if s.Type != "canary" && s.Holdback > 0 {
		tell("holdback", "only a canary holds a share back", "write type: canary, or remove it")
	}
	if s.Type == "canary" {
		s.validateSteps(has, tell)
	}
	if s.Type == "rolling" && replicas > 0 && s.Rolling.Parallelism > replicas {
		tell("rolling.parallelism", fmt.Sprintf("%d is more than the %d instances there are", s.Rolling.Parallelism, replicas),
			"write a smaller number, so that the old version keeps serving meanwhile")
	}
}

func (s Strategy) validateSteps(has func(path string) bool, tell report) {
	if len(s.Steps) == 0 {
		tell("steps", "there are no steps", "write [5, 10, 25, 50, 100], or remove the key to get these")
		return
	}
	last := Percent(0)
	for i, step := range s.Steps {
		at := join(element("steps", i), "weight")
		switch {
		case step.Weight == 0:
			tell(at, "a step of 0% moves nothing", "remove it, or write a percentage above 0")
		case step.Weight <= last:
			tell(at, fmt.Sprintf("%s does not come after %s", step.Weight, last), "let the steps grow")
		}
		last = max(last, step.Weight)
		if own := join(element("steps", i), "hold"); has(own) {
			step.Hold.validate(tell.in(own))
		}
	}
	if n := len(s.Steps); n > 1 && s.Holdback > 0 && s.Steps[n-2].Weight >= Percent(release.All)-s.Holdback {
		tell("holdback", fmt.Sprintf("with %s held back the last step would not be larger than the one before", s.Holdback), "write a smaller share")
	}
	if s.Holdback >= Percent(release.All) {
		tell("holdback", "the new version would get nothing", "write a small share such as 5%")
	}
	if last != Percent(release.All) {
		tell(join(element("steps", len(s.Steps)-1), "weight"), fmt.Sprintf("the last step is %s, so the release would never end", last), "add 100 as the last step")
	}
}

func (h Hold) validate(tell report) {
	if h.AtMost > 0 && h.AtMost < h.AtLeast {
		tell("atMost", fmt.Sprintf("at most %s is less than at least %s", h.AtMost, h.AtLeast), "write a longer atMost, or 0 for no limit")
	}
}

func (h Hold) resolve() release.Hold {
	return release.Hold{AtLeast: time.Duration(h.AtLeast), AtLeastRequests: h.AtLeastRequests, AtMost: time.Duration(h.AtMost)}
}

func (s Strategy) steps() []release.Step {
	if s.Type == "rolling" {
		return nil
	}
	var steps []release.Step
	if s.Shadow != nil {
		steps = append(steps, s.Shadow.step())
	}
	for _, step := range s.Steps {
		steps = append(steps, release.Step{Weight: release.Weight(step.Weight), Hold: step.Hold.resolve()})
	}
	return steps
}

func (s Strategy) rolling() release.Rolling {
	if s.Type != "rolling" {
		return release.Rolling{}
	}
	return release.Rolling{
		Parallelism: s.Rolling.Parallelism, Delay: time.Duration(s.Rolling.Delay), Monitor: time.Duration(s.Rolling.Monitor),
		MaxFailureRatio: float64(s.Rolling.MaxFailureRatio), OnFailure: release.OnFailure(s.Rolling.OnFailure),
	}
}

// firstShare is the share of users that meet the new version first.
func (s Strategy) firstShare(replicas int) Percent {
	if s.Type == "shadow" {
		return 0
	}
	if s.Type == "rolling" {
		return Percent(int(release.All) * min(s.Rolling.Parallelism, max(replicas, 1)) / max(replicas, 1))
	}
	if len(s.Steps) == 0 {
		return Percent(release.All)
	}
	return s.Steps[0].Weight
}

// firstKey is the key that decides on firstShare, and the cure for too large
// a share, with a place for the largest.
func (s Strategy) firstKey() (key, cure string) {
	switch s.Type {
	case "rolling":
		return "rolling.parallelism", "replace fewer instances at once, so that they are at most %s of all"
	case "blue-green":
		return "type", "write type: canary with a first step of %s or less"
	}
	return "steps", "begin with a step of %s or less"
}
