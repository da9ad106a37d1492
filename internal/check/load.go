package check

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"net"
	"slices"
	"strings"
	"time"

	"cutover/internal/load"
	"cutover/internal/release"
)

// burden is a load check made ready.
type burden struct {
	spec release.LoadCheck
	plan load.Plan
}

// newBurden reads the plan of a valid check.
func newBurden(spec release.LoadCheck) (*burden, error) {
	p, err := readPlan(spec.Plan)
	return &burden{spec: spec, plan: p}, err
}

// readPlan reads a plan and refuses what it does not know, since a load that
// leaves out half of what was asked for would flatter.
func readPlan(text string) (load.Plan, error) {
	var p load.Plan
	dec := json.NewDecoder(strings.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&p); err != nil {
		return p, fmt.Errorf("read the load: %w", err)
	}
	return p, nil
}

// Ready says why a load of the plan could not be carried out here, such as a
// secret that is not there, or nil.
func Ready(p release.Plan) error {
	all := p.Checks
	if p.WarmUp != nil {
		all = append(slices.Clip(all), release.Check{Name: "warm-up", Load: p.WarmUp})
	}
	for _, c := range all {
		if c.Load == nil {
			continue
		}
		b, err := newBurden(*c.Load)
		if err == nil {
			err = b.plan.Ready()
		}
		if err != nil {
			return fmt.Errorf("prepare the load %q: %w", c.Name, err)
		}
	}
	return nil
}

// run puts the load on the instances, which share it, and says what came of it.
func (b *burden) run(ctx context.Context, name string, order release.CheckOrder) (release.CheckResult, error) {
	began := time.Now()
	p := b.plan
	p.Name = name
	p.Targets, p.Allow = targets(order.Instances), hosts(order.Instances, order.Beside)
	var result release.CheckResult
	var err error
	if b.spec.Baseline != nil && len(order.Beside) > 0 {
		p.Against = targets(order.Beside)
		result, err = b.compare(ctx, p)
	} else {
		result, err = b.measure(ctx, p)
	}
	if err != nil {
		return result, err
	}
	result.Name, result.Attempts, result.Took = name, 1, time.Since(began)
	result.Evidence = head(readable(result.Evidence), maxEvidence)
	result.Concern = head(readable(result.Concern), maxEvidence)
	return result, nil
}

// measure judges the load by its thresholds. Without an old side a baseline has
// nothing to judge by: its figures are kept.
func (b *burden) measure(ctx context.Context, p load.Plan) (release.CheckResult, error) {
	r, err := load.Run(ctx, p, nil)
	if err != nil {
		return release.CheckResult{}, err
	}
	result := release.CheckResult{Passed: r.Passed(), Evidence: evidence(r), Figures: figures(r.Sides[0])}
	if b.spec.Baseline != nil {
		result.Evidence = "nothing serves to compare with; " + result.Evidence
		if result.Passed = true; !r.Passed() {
			result.Concern = "not every request had a good answer"
		}
		return result, nil
	}
	if !result.Passed {
		return result, sent(r)
	}
	return result, nil
}

// compare judges the new side by the old one.
func (b *burden) compare(ctx context.Context, p load.Plan) (release.CheckResult, error) {
	c, err := load.Compare(ctx, p, nil)
	if err != nil {
		return release.CheckResult{}, err
	}
	result := release.CheckResult{Passed: true, Evidence: c.Summary(), Figures: withPairs(figures(c.Result.Sides[0]), c)}
	notes := ""
	if len(c.Result.Notes) > 0 {
		notes = "; note: " + strings.Join(c.Result.Notes, "; ")
	}
	result.Evidence += notes
	if why := c.Undecided(); why != "" {
		if b.spec.Baseline.Fails {
			return result, fmt.Errorf("compare the versions: nothing can be said: %s", why)
		}
		result.Concern = "whether it is slower cannot be said: " + why
		return result, nil
	}
	worse := c.Regressions(b.spec.Baseline.Margin)
	if len(worse) == 0 {
		return result, nil
	}
	if err := sent(c.Result); err != nil {
		return result, err
	}
	said := "worse than the old version: " + strings.Join(worse, "; ")
	if b.spec.Baseline.Fails {
		result.Passed, result.Evidence = false, said+notes
	} else {
		result.Concern = said
	}
	return result, nil
}

// sent is an error if this machine could not send all it should have: then
// the figures say nothing bad of anybody else.
func sent(r load.Result) error {
	for _, side := range r.Sides {
		if n := side.Total.Faults[load.LocalFault]; n > 0 {
			return fmt.Errorf("send the load: %d of %d requests could not be sent by this machine: %s", n, side.Total.Done, side.Total.Wrong[0].What)
		}
	}
	return nil
}

func evidence(r load.Result) string {
	text := r.Summary()
	if len(r.Notes) > 0 {
		text += "; note: " + strings.Join(r.Notes, "; ")
	}
	return text
}

func targets(instances []release.Instance) []load.Target {
	var list []load.Target
	for _, in := range instances {
		list = append(list, load.Target{Name: in.ID, URL: "http://" + in.Addr})
	}
	return list
}

// hosts are those of the instances. They may be loaded wherever they are: the
// release brought them there.
func hosts(sides ...[]release.Instance) []string {
	var list []string
	for _, side := range sides {
		for _, in := range side {
			if host, _, err := net.SplitHostPort(in.Addr); err == nil {
				list = append(list, host)
			}
		}
	}
	return list
}

// mostFigures is how many figures are kept.
const mostFigures = 120

// figures lists what a side has shown: all requests, if there are several,
// then pages and requests.
func figures(s load.Side) []release.Figure {
	var list []release.Figure
	if len(s.Requests) > 1 {
		list = figuresOf("", s.Total)
	}
	for _, a := range slices.Concat(s.Pages, s.Requests) {
		list = append(list, figuresOf(a.Name, a)...)
	}
	return list[:min(len(list), mostFigures)]
}

func figuresOf(name string, a load.Account) []release.Figure {
	if a.Done == 0 {
		return nil
	}
	list := []release.Figure{{Of: name, Metric: "requests", Value: float64(a.Done)}, {Of: name, Metric: "errors", Value: a.ErrorShare},
		{Of: name, Metric: "rate", Value: a.Rate}}
	for _, one := range []struct {
		metric string
		time   load.Millis
	}{{"p50", a.Latency.P50}, {"p90", a.Latency.P90}, {"p99", a.Latency.P99}} {
		if one.time != load.NoTime {
			list = append(list, release.Figure{Of: name, Metric: one.metric, Value: milliseconds(one.time)})
		}
	}
	return list
}

// withPairs puts what was compared in the place of what was only measured.
func withPairs(list []release.Figure, c load.Comparison) []release.Figure {
	for _, p := range c.Pairs {
		if p.Target == load.NoTime || p.Against == load.NoTime {
			continue
		}
		one := release.Figure{Of: p.Name, Metric: p.Metric, Value: milliseconds(p.Target), Beside: milliseconds(p.Against),
			Ratio: finite(p.Ratio), Low: finite(p.Low), High: finite(p.High)}
		found := false
		for i, f := range list {
			if f.Of == one.Of && f.Metric == one.Metric {
				list[i], found = one, true
			}
		}
		if !found {
			list = append(list, one)
		}
	}
	return list
}

func milliseconds(m load.Millis) float64 { return float64(m) / float64(time.Millisecond) }

// finite is 0 for what JSON cannot hold.
func finite(f float64) float64 {
	if math.IsInf(f, 0) || math.IsNaN(f) {
		return 0
	}
	return f
}
