package config

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"cutover/internal/release"
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

// Purpose is what a release wants a load for.
type Purpose string

// The purposes.
const (
	ToCheck   Purpose = "check"
	ToWarmUp  Purpose = "warm-up"
	ToCompare Purpose = "baseline"
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

// loadAsked is a load at its place in a release.
type loadAsked struct {
	path, name string
	order      LoadOrder
	baseline   *release.Baseline
}

// loads lists what a release asks for: the warm-up first, then the checks in
// their order, then the comparison.
func (r *Release) loads() []loadAsked {
	var list []loadAsked
	scenario := func(path string) string {
		if path == "" {
			return ""
		}
		return absolute(fill(path, r.Metadata.App, string(r.Spec.To.Version)), r.doc.source.dir)
	}
	if w := r.Spec.WarmUp; w != nil {
		list = append(list, loadAsked{path: "spec.warmUp", order: LoadOrder{Purpose: ToWarmUp,
			Scenario: scenario(w.Scenario), Requests: w.Requests, Rate: string(w.Rate), For: time.Duration(w.For)}})
	}
	for i, c := range r.Spec.Checks.Load {
		order := LoadOrder{Purpose: ToCheck, Scenario: scenario(c.Scenario), Requests: c.Requests, Rate: string(c.Rate), Users: c.Users, For: time.Duration(c.For)}
		for _, t := range c.Thresholds {
			order.Thresholds = append(order.Thresholds, string(t))
		}
		list = append(list, loadAsked{path: element("spec.checks.load", i), name: c.name(), order: order})
	}
	if b := r.Spec.Checks.Baseline; b != nil {
		list = append(list, loadAsked{path: "spec.checks.baseline", name: baselineName,
			order:    LoadOrder{Purpose: ToCompare, Scenario: scenario(b.Scenario), Requests: b.Requests, Rate: string(b.Rate), For: time.Duration(b.For)},
			baseline: &release.Baseline{Margin: float64(b.Margin), Fails: b.OnRegression == "fail"}})
	}
	return list
}

// baselineName is what results call the comparison.
const baselineName = "baseline"

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

// errNoLoads means that the program that reads the files has nobody to read
// scenarios.
var errNoLoads = errors.New("loads are not known to this program")

// read makes the load ready and reports what is wrong with it.
func (a loadAsked) read(r *Release, reader func(LoadOrder) (LoadPlan, error)) (LoadPlan, Problems) {
	if reader == nil {
		reader = func(LoadOrder) (LoadPlan, error) { return LoadPlan{}, errNoLoads }
	}
	p, err := reader(a.order)
	if err == nil {
		p.Check.Baseline = a.baseline
		return p, nil
	}
	if of, ok := errors.AsType[Problems](err); ok {
		return p, of
	}
	wrong, ok := errors.AsType[Misfits](err)
	if !ok {
		wrong = Misfits{{Key: "scenario", Reason: err.Error(), Cure: "mend that, or name another file"}}
	}
	var problems Problems
	for _, m := range wrong {
		path := join(a.path, m.Key)
		at := r.doc.spot(path)
		problems = append(problems, &Problem{Place: r.doc.at(path), Path: path, Reason: m.Reason, Cure: m.Cure,
			Excerpt: excerpt(r.doc.source.lines[at.line-1], at.line, at.column)})
	}
	return p, problems
}

// addLoads completes a plan by the loads of its release, whose files are read
// now: later changes of them change nothing.
func (b *Bundle) addLoads(p *release.Plan, r *Release) error {
	var problems Problems
	for _, asked := range r.loads() {
		one, wrong := asked.read(r, b.loads)
		problems = append(problems, wrong...)
		if asked.order.Purpose == ToWarmUp {
			p.WarmUp = &one.Check
		} else {
			p.Checks = append(p.Checks, release.Check{Name: asked.name, Load: &one.Check})
		}
	}
	return problems.err()
}

// validateLoads reports what can be seen without reading scenarios.
func (r *Release) validateLoads(tell report) {
	for _, a := range r.loads() {
		in := tell.in(strings.TrimPrefix(a.path, "spec."))
		if (a.order.Scenario != "") == (len(a.order.Requests) > 0) {
			in("", "a load needs either a scenario or requests", "keep one of scenario: load.yaml and requests: [/]")
		}
		if a.order.Rate != "" && a.order.Users > 0 {
			in("users", "rate and users are two ways to say how much is sent", "keep one of them")
		}
		if at := join(a.path, "for"); a.order.For == 0 && r.doc.has(at) {
			in("for", "it takes no time", "write how long, such as 30s")
		}
	}
	paths := map[string]string{}
	if w := r.Spec.WarmUp; w != nil {
		paths["warmUp.scenario"] = w.Scenario
	}
	for i, c := range r.Spec.Checks.Load {
		paths[element("checks.load", i)+".scenario"] = c.Scenario
	}
	if b := r.Spec.Checks.Baseline; b != nil {
		paths["checks.baseline.scenario"] = b.Scenario
	}
	for path, text := range paths {
		checkPlaceholders(text, path, pathPlaceholders, tell)
	}
}

// loads reports scenarios that cannot be used, and what a load may do that was
// not meant.
func (l lint) loads(b *Bundle, r *Release) {
	if b.loads == nil {
		return
	}
	for _, asked := range r.loads() {
		p, problems := asked.read(r, b.loads)
		for _, one := range problems {
			*l.found = append(*l.found, Finding{"unusable-load", one.Place, one.Path, one.Reason, one.Cure, Bad})
		}
		if len(p.Writes) > 0 && len(problems) == 0 {
			l.warn("load-writes", asked.path, fmt.Sprintf("%s may write, and both versions work on the users' data", oneOf(p.Writes)), "leave out what writes, or make sure that what it leaves behind does no harm")
		}
	}
	if r.Spec.WarmUp != nil && r.Spec.Strategy.Type == "rolling" {
		l.warn("cold-batches", "spec.warmUp", "only the first batch of a rolling update is warmed up", "write canary or blue-green if cold instances are slow")
	}
}
