package config

import (
	"fmt"
	"reflect"
	"time"

	"cutover/internal/release"
)

// Shadow tries the new version on copies of requests. Their answers are
// compared with those of the old version, which is asked a second time so that
// its own noise is known, and thrown away.
type Shadow struct {
	// The share of the requests that is copied, as far as the shadow keeps up: at most 100 requests a second.
	Share Percent `json:"share,omitempty" jsonschema:"default=10%"`
	// The time that must pass.
	AtLeast Duration `json:"atLeast,omitempty" jsonschema:"default=5m"`
	// The time after which the release pauses and says why; 0 means never. Standard: 1h, or twice atLeast if that is longer.
	AtMost Duration `json:"atMost,omitempty" jsonschema:"default=1h"`
	// The answers that must have been compared.
	Samples int `json:"samples,omitempty" jsonschema:"default=500,minimum=1,maximum=1000000"`
	// The headers that are compared. Standard: content type, location, caching, names of cookies and the like.
	Headers []Text `json:"headers,omitempty"`
	// Differences that do not count: a path such as $.host, or one endpoint's such as GET /api/me $.seen. A * at the end stands for all that begin so.
	Ignore []Text `json:"ignore,omitempty"`
	// The share of an endpoint's answers that may differ, beyond what the old version differs from itself.
	Tolerance Ratio `json:"tolerance,omitempty" jsonschema:"default=0.001"`
	// Also copies requests that change something (POST, PUT, PATCH, DELETE). They need a target with a state of its own, and their answers are counted but never fail the version.
	Writes bool `json:"writes,omitempty"`
	// host:port of an instance of the new version that you run yourself, with a database of its own. All copies go there instead of to the instances of the release, which share the state of production.
	Target Text `json:"target,omitempty"`
}

func (Shadow) shortKey() string { return "share" }

// completeShadow gives a release that is only a shadow its standard one.
func (s *Strategy) completeShadow(has func(path string) bool) {
	if s.Type == "shadow" && s.Shadow == nil {
		s.Shadow = &Shadow{}
		fillDefaults(reflect.ValueOf(s.Shadow).Elem())
	}
	if s.Shadow != nil && !has("shadow.atMost") {
		s.Shadow.AtMost = max(s.Shadow.AtMost, 2*s.Shadow.AtLeast)
	}
}

func (s Shadow) validate(tell report) {
	if s.Share == 0 {
		tell("share", "a share of 0% copies nothing", "write a percentage such as 10%, or remove the shadow")
	}
	Hold{AtLeast: s.AtLeast, AtMost: s.AtMost}.validate(tell)
	checkAddress(string(s.Target), "target", tell)
	if s.Writes && s.Target == "" {
		tell("writes", "copies that change something must not reach the state of production, and the release's own instances share it",
			"add target: host:port of an instance with a database of its own, or remove writes")
	}
	for i, rule := range s.Ignore {
		if rule == "*" || rule == "" {
			tell(element("ignore", i), fmt.Sprintf("%q would leave nothing to compare", rule), "name a path such as $.host")
		}
	}
}

// step is the step of the release at which copies are compared.
func (s Shadow) step() release.Step {
	return release.Step{
		Hold: release.Hold{AtLeast: time.Duration(s.AtLeast), AtMost: time.Duration(s.AtMost)},
		Shadow: &release.Shadow{
			Share: release.Weight(s.Share), Samples: s.Samples, Headers: texts(s.Headers), Ignore: texts(s.Ignore),
			Tolerance: float64(s.Tolerance), Writes: s.Writes, Target: string(s.Target),
		},
	}
}

func texts(list []Text) []string {
	var out []string
	for _, t := range list {
		out = append(out, string(t))
	}
	return out
}
