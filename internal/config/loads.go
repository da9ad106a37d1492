package config

import (
	"errors"
	"strings"
	"time"

	"cutover/internal/release"
)

// loadAsked is a load at its place in a release.
type loadAsked struct {
	path, name string
	order      LoadOrder
	baseline   *release.Baseline
	// readOnly says that nothing may be written.
	readOnly bool
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
		list = append(list, loadAsked{path: element("spec.checks.load", i), name: fill(c.name(), r.Metadata.App, string(r.Spec.To.Version)), order: order})
	}
	if b := r.Spec.Checks.Baseline; b != nil {
		list = append(list, loadAsked{path: "spec.checks.baseline", name: baselineName,
			order:    LoadOrder{Purpose: ToCompare, Scenario: scenario(b.Scenario), Requests: b.Requests, Rate: string(b.Rate), For: time.Duration(b.For)},
			baseline: &release.Baseline{Margin: float64(b.Margin), Fails: b.OnRegression == "fail"}})
	}
	if s := r.Spec.Checks.Synthetic; s != nil {
		list = append(list, s.asked(scenario))
	}
	return list
}

// baselineName is what results call the comparison.
const baselineName = "baseline"

// errNoLoads means that the program that reads the files has nobody to read
// scenarios.
var errNoLoads = errors.New("loads are not known to this program")

// read makes the load ready and reports what is wrong with it.
func (a loadAsked) read(r *Release, reader func(LoadOrder) (LoadPlan, error)) (LoadPlan, Problems) {
	if reader == nil {
		reader = func(LoadOrder) (LoadPlan, error) { return LoadPlan{}, errNoLoads }
	}
	p, err := reader(a.order)
	if err == nil && a.readOnly && len(p.Writes) > 0 {
		err = Misfits{{"scenario", oneOf(p.Writes) + " may write, again and again, and both versions work on the users' data",
			"leave out what writes, or write writes: true if what it leaves behind does no harm"}}
	}
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
		switch asked.order.Purpose {
		case ToWarmUp:
			p.WarmUp = &one.Check
		case ToProbe:
			p.Synthetic = r.Spec.Checks.Synthetic.resolve(one)
		default:
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
	if s := r.Spec.Checks.Synthetic; s != nil {
		paths["checks.synthetic.scenario"] = s.Scenario
		s.validate(string(r.Spec.Strategy.Type), tell.in("checks.synthetic"))
	}
	for path, text := range paths {
		checkPlaceholders(text, path, pathPlaceholders, tell)
	}
}
