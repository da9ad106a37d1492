package engine

import (
	"encoding/json"
	"fmt"
	"slices"

	"cutover/internal/analysis"
	"cutover/internal/release"
	"cutover/internal/signal"
)

// judge carries one comparison of both sides through a release. What it
// remembers goes on record with the events it signs, and the judge of another
// controller goes on from there.
type judge struct {
	trial    int
	settings analysis.Settings
	test     comparison
	// last is where the comparison stands, nil before the first look; missing
	// says why the latest look could not be compared, "" if it could.
	last    *analysis.Assessment
	missing string
	users   release.Sides[release.Experience]
	// gauges are what the release is judged by beside its requests. The first
	// requests of the settings' signals are about the requests.
	gauges   gauges
	requests int
	// probe is the comparison by requests that are no user's.
	probe probe
	// lost says that what an earlier controller had remembered is of no use.
	lost string
}

// comparison is what a judge remembers.
type comparison struct {
	// Form is the version of this form.
	Form int            `json:"form"`
	Test analysis.State `json:"test"`
	// Baselines are how the signals were before the release.
	Baselines map[string]signal.Baseline `json:"baselines,omitempty"`
	// Pairs is the test over synthetic requests, nil without such.
	Pairs *analysis.PairState `json:"pairs,omitempty"`
}

const comparisonForm = 1

// newJudge goes on with the comparison on record, or begins one.
func newJudge(s release.State) *judge {
	j := &judge{trial: s.Trial, settings: settingsOf(s.Plan), test: comparison{Form: comparisonForm}, gauges: gaugesOf(s.Plan), probe: probeOf(s.Plan)}
	j.requests = len(j.settings.Signals)
	j.settings.Signals = append(j.settings.Signals, signal.Analysed(j.gauges.set.Signals, j.gauges.set.Every)...)
	if len(s.Test) == 0 {
		return j
	}
	var kept comparison
	err := json.Unmarshal(s.Test, &kept)
	if err == nil && kept.Form != comparisonForm {
		err = fmt.Errorf("it has form %d, this version of cutover knows %d", kept.Form, comparisonForm)
	}
	if err != nil {
		j.lost = "the comparison of both versions begins anew: what is on record of it cannot be read: " + err.Error()
		return j
	}
	j.test, j.gauges.baselines = kept, kept.Baselines
	if kept.Pairs != nil {
		j.probe.test = *kept.Pairs
	}
	return j
}

// look takes in what both sides did until now. It begins when there is a new
// side, so that there is a record of the old one by the time of the first step.
func (j *judge) look(s release.State, w release.World) {
	if s.Plan.First() || !compares(s.Phase) {
		return
	}
	if j.missing = ""; !w.Traffic.Known {
		j.missing = "the front cannot be observed"
		return
	}
	old, fresh := w.Traffic.Sides.Of(s.Plan.From.Side), w.Traffic.Sides.Of(s.Plan.To.Side)
	j.users = release.Sides[release.Experience]{Blue: w.Traffic.Sides.Blue.Users, Green: w.Traffic.Sides.Green.Users}
	epoch, list := w.Traffic.Epoch, readings(j.settings.Signals[:j.requests], old.Users, fresh.Users)
	if len(j.settings.Signals) > j.requests {
		epoch, list = epoch+" "+j.gauges.report.Epoch, append(list, j.gauges.report.Readings...)
	}
	a := j.settings.Judge(&j.test.Test, analysis.Look{
		At: w.Now, Epoch: epoch, Weight: fresh.Weight.Share(), Random: true,
		Next: s.Ahead().Share(), Step: s.HoldNumber(), Readings: list,
	})
	j.last = &a
}

func compares(ph release.Phase) bool {
	switch ph {
	case release.Starting, release.Warming, release.Testing:
		return true
	}
	return carries(ph)
}

func carries(ph release.Phase) bool {
	return ph == release.Shifting || ph == release.Soaking || ph == release.Standby
}

// verdict says what the last look means for the release. It is unknown unless
// the new side may have traffic and the front was observed.
func (j *judge) verdict(s release.State, w release.World) release.Verdict {
	switch {
	case !w.Traffic.Known || !carries(s.Phase):
		return release.Verdict{Reason: j.missing}
	case s.Plan.First():
		return release.Verdict{Kind: release.NotEnough, Reason: "it is the first release: there is nothing to compare with"}
	case j.last == nil || j.trial != s.Trial:
		return release.Verdict{}
	}
	v := release.Verdict{Kind: kinds[j.last.Finding], Reason: j.last.Reason(), Lacks: j.last.Lacks(), Evidence: evidenceOf(*j.last)}
	v.Requests = int(j.last.Signals[0].New.Requests)
	if v.Kind != release.Failing {
		if why := j.collapsed(s); why != "" {
			v.Kind, v.Reason, v.Lacks = release.Failing, why, ""
		}
	}
	if j.last.Finding == analysis.Waiting && v.Kind == release.Unknown && j.measured() {
		v.Kind, v.Holds = release.NotEnough, v.Reason
	}
	return j.probe.weigh(s, j.gauges.weigh(v), j.last.Finding == analysis.Suspicious)
}

// measured reports whether the latest look had all it needs of the requests, so
// that only evidence beside them can be missing.
func (j *judge) measured() bool {
	return !slices.ContainsFunc(j.last.Signals[:j.requests], func(e analysis.Evidence) bool { return e.Missing != "" })
}

var kinds = map[analysis.Finding]release.VerdictKind{
	analysis.NotEnough:   release.NotEnough,
	analysis.Suspicious:  release.NotEnough,
	analysis.Waiting:     release.Unknown,
	analysis.Healthy:     release.Healthy,
	analysis.Failing:     release.Failing,
	analysis.BothFailing: release.BothFailing,
}

// sign puts where the comparison stands on an event that is to be recorded.
func (j *judge) sign(ev release.Event) release.Event {
	switch e := ev.(type) {
	case release.Judged:
		e.Test = j.kept()
		return e
	case release.Weighed:
		e.Test = j.kept()
		return e
	case release.Entered:
		if carries(e.Phase) || watches(e.Phase) && len(j.gauges.baselines) > 0 {
			e.Test = j.kept()
		}
		return e
	}
	return ev
}

// kept is what goes on record, nothing while nothing was seen.
func (j *judge) kept() release.Sealed {
	if j.last == nil && len(j.gauges.baselines) == 0 {
		return nil
	}
	j.test.Baselines = j.gauges.baselines
	if j.probe.plan != nil {
		j.test.Pairs = &j.probe.test
	}
	text, err := json.Marshal(j.test)
	if err != nil {
		panic("engine: a comparison holds numbers, texts and times only: " + err.Error())
	}
	return text
}
