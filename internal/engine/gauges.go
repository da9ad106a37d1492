package engine

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"cutover/internal/analysis"
	"cutover/internal/release"
	"cutover/internal/signal"
)

var errNoSignals = errors.New("this controller cannot watch signals")

// gauges are what one release is judged by beside its requests, as far as its
// judge knows them.
type gauges struct {
	set signal.Set
	// wrong says why nothing is watched though the plan asks for it, "" if it is.
	wrong  string
	report signal.Report
	// baselines are how things were before the release. They go on record:
	// another controller could not find them out any more.
	baselines map[string]signal.Baseline
}

// gaugesOf reads what the plan asks for. A first release is not judged: there
// is nothing to go back to.
func gaugesOf(p release.Plan) gauges {
	var g gauges
	if p.First() || len(p.Signals) == 0 {
		return g
	}
	if err := json.Unmarshal(p.Signals, &g.set); err != nil {
		g.set, g.wrong = signal.Set{}, "the signals on record cannot be read: "+err.Error()
	}
	return g
}

// any reports whether the plan asks for signals at all.
func (g *gauges) any() bool { return g.wrong != "" || !g.set.Empty() }

// precedes reports whether nothing of the new version is there yet, so that
// what is read tells how things were before the release.
func precedes(ph release.Phase) bool {
	return ph == release.Planned || ph == release.Waiting || ph == release.Preflight
}

// watches reports whether the signals of a release in that phase are read.
func watches(ph release.Phase) bool {
	return precedes(ph) || ph == release.Expanding || ph == release.Backfilling || compares(ph)
}

// look tells the port how things stand and takes in what it knows. It reports
// whether the port watches the release now.
func (g *gauges) look(port Signals, s release.State, w release.World) bool {
	if g.set.Empty() || !watches(s.Phase) {
		return false
	}
	if port == nil {
		g.wrong = errNoSignals.Error()
		return false
	}
	r, err := port.Observe(signal.Order{Release: s.Release, Set: g.set, Subject: subjectOf(s, w), Moment: momentOf(s, w), Baselines: g.baselines})
	if err != nil {
		g.wrong, g.report = err.Error(), signal.Report{}
		return false
	}
	g.wrong, g.report = "", r
	if len(r.Baselines) > 0 {
		g.baselines = r.Baselines
	}
	return true
}

// subjectOf says who takes part. The new version does from the moment anything
// is done for it.
func subjectOf(s release.State, w release.World) signal.Subject {
	of := signal.Subject{App: s.App, Old: partyOf(s.Plan.From, w)}
	if !precedes(s.Phase) {
		of.New = partyOf(s.Plan.To, w)
	}
	return of
}

func partyOf(t release.Target, w release.World) signal.Party {
	p := signal.Party{Label: string(t.Side), Version: t.Version}
	for _, i := range w.Sides.Of(t.Side).List {
		if i.Alive && !i.Stopping {
			p.Instances = append(p.Instances, signal.Instance{ID: i.ID, Addr: i.Addr, Pid: i.Pid, Log: i.Log})
		}
	}
	if w.Traffic.Known {
		p.Served, p.Epoch, p.At = float64(w.Traffic.Sides.Of(t.Side).Counters.Answered), w.Traffic.Epoch, w.Now
	}
	return p
}

func momentOf(s release.State, w release.World) signal.Moment {
	m := signal.Moment{Step: s.Step, Phase: string(s.Phase), Weight: w.Traffic.Sides.Of(s.Plan.To.Side).Weight.Share()}
	if s.Held {
		m.InStep = w.Now.Sub(s.HeldAt)
	}
	return m
}

// unread says what the release has to wait for before it begins: its signals
// are compared with how things were before, and that is not known yet.
func (g *gauges) unread(s release.State) string {
	switch {
	case !precedes(s.Phase):
		return ""
	case g.wrong != "":
		return "the signals cannot be watched: " + g.wrong
	case g.set.Empty():
		return ""
	}
	name, why := g.set.Unread(g.baselines)
	if name == "" {
		return ""
	}
	i := slices.IndexFunc(g.set.Signals, func(one signal.Signal) bool { return one.Name == name })
	if i < len(g.report.Findings) {
		v, side := g.report.Findings[i].Values, signal.Old
		if g.set.Signals[i].Shared {
			side = signal.Shared
		}
		if m := v.Of(side); !m.Known && m.Why != "" {
			why += "; " + m.Why
		}
	}
	return fmt.Sprintf("signal %s: %s", name, why)
}

// weigh puts what the signals say beside the verdict on the requests: the worse
// of the two counts. By themselves they never make a verdict healthy, and what
// is missing neither promotes nor takes back.
func (g *gauges) weigh(v release.Verdict) release.Verdict {
	if !g.any() {
		return v
	}
	finding, why := analysis.Waiting, "the signals cannot be watched: "+g.wrong
	if g.wrong == "" {
		finding, why = signal.Combined(g.report.Findings)
		v.Signals = g.findings()
		v.Pauses = signal.Pausing(g.report.Findings)
	}
	switch {
	case finding == analysis.Healthy || v.Kind == release.Failing:
	case finding == analysis.Failing:
		v.Kind, v.Reason, v.Lacks = release.Failing, why, ""
	case v.Kind == release.BothFailing:
	case finding == analysis.BothFailing:
		v.Kind, v.Reason, v.Lacks, v.Holds = release.BothFailing, why, "", why
	default:
		if v.Holds = why; v.Kind == release.Healthy {
			v.Kind, v.Lacks = release.NotEnough, why
		}
	}
	return v
}

// findings returns what each signal and condition says, for the record.
func (g *gauges) findings() []release.SignalFinding {
	var list []release.SignalFinding
	for _, f := range g.report.Findings {
		one := release.SignalFinding{Name: f.Name, Role: string(f.Role), Verdict: f.Verdict.String(), Reason: f.Reason,
			Old: numberOf(f.Values.Old), New: numberOf(f.Values.New), Shared: numberOf(f.Values.Shared), Baseline: numberOf(f.Values.Baseline)}
		if c := slices.IndexFunc(g.set.Conditions, func(c signal.Condition) bool { return c.Name == f.Name }); len(list) >= len(g.set.Signals) && c >= 0 {
			one.Role = string(g.set.Conditions[c].Otherwise)
		}
		list = append(list, one)
	}
	return list
}

func numberOf(m signal.Measured) *float64 {
	if !m.Known {
		return nil
	}
	return &m.Value
}

// admitSignals says why what a plan asks for could not be watched.
func admitSignals(port Signals, p release.Plan) error {
	g := gaugesOf(p)
	switch {
	case !g.any():
		return nil
	case g.wrong != "":
		return refuse("%s; make the plan again", g.wrong)
	case port == nil:
		return refuse("%w", errNoSignals)
	}
	for _, one := range g.set.Signals {
		if one.Role == signal.Evidence && (one.Name == errorsSignal || one.Name == latencySignal) {
			return refuse("the signal %s has the name of one that every release is judged by; give it another", one.Name)
		}
	}
	return nil
}
