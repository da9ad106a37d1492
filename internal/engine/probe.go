package engine

import (
	"errors"
	"fmt"
	"strings"

	"cutover/internal/analysis"
	"cutover/internal/release"
)

// syntheticPart of the permitted chance of a false alarm is the synthetic
// requests', where there are such, and the rest the users'. An alarm of either
// takes a release back, so both together keep to the whole.
const syntheticPart = 0.25

var errNoSynthetic = errors.New("this controller cannot send synthetic requests")

// probe is the comparison by synthetic requests: a stratum of its own, which
// shares no count with the users'.
type probe struct {
	plan     *release.Synthetic
	settings analysis.Pairs
	test     analysis.PairState
	users    pace
	last     *analysis.Assessment
	// rests says why nothing is sent, "" if it is; wrong why nothing can be.
	rests, wrong string
}

// probeOf makes the probe of a plan. Without synthetic requests it does nothing.
func probeOf(p release.Plan) probe {
	if p.Synthetic == nil || p.First() {
		return probe{}
	}
	return probe{plan: p.Synthetic, settings: pairsOf(p), rests: "it has not begun"}
}

// pairsOf says how pairs are compared: as the users' requests are, with what
// their test leaves of the chance of a false alarm.
func pairsOf(p release.Plan) analysis.Pairs {
	users := settingsOf(p)
	c := analysis.Pairs{
		Old: users.Old, New: users.New, All: "requests", Hold: users.Hold, Pause: users.Pause, Promote: users.Promote,
		Rollback: users.Rollback / (1 - syntheticPart) * syntheticPart,
		Block:    p.Synthetic.Block, Limit: users.Signals[0].Limit, Margin: p.Guard.Margin,
	}
	if p.Synthetic.Runs {
		c.All = "runs"
	}
	if c.Margin == 0 {
		c.Margin = users.MostMargin
	}
	if len(users.Signals) > 1 {
		c.Ratio, c.Skip, c.Least = users.Signals[1].Ratio, users.Signals[1].Skip, leastLatency
	}
	return c
}

// admitSynthetic says why what a plan asks for could not be sent.
func admitSynthetic(port Synthetic, p release.Plan) error {
	switch {
	case p.Synthetic == nil:
		return nil
	case port == nil:
		return refuse("%w", errNoSynthetic)
	}
	if err := pairsOf(p).Check(); err != nil {
		return refuse("the synthetic requests cannot be judged: %w; make the plan again", err)
	}
	return nil
}

// look tells the port how things stand and takes in what came of the pairs. It
// reports whether the port has work with the release.
func (y *probe) look(port Synthetic, s release.State, w release.World) bool {
	if y.plan == nil {
		return false
	}
	if w.Traffic.Known {
		y.users.look(w.Now, w.Traffic)
	}
	if y.rests = y.idle(s, w); !s.Synthesizes() {
		return false
	}
	if port == nil {
		y.wrong = errNoSynthetic.Error()
		return false
	}
	pairs, err := port.Observe(release.SyntheticOrder{App: s.App, Release: s.Release, Synthetic: *y.plan, Sends: y.rests == "",
		Old: serving(*w.Sides.Of(s.Plan.From.Side)), New: serving(*w.Sides.Of(s.Plan.To.Side)), First: y.test.Pairs + y.test.Void})
	if y.wrong = ""; err != nil {
		y.wrong = err.Error()
	}
	y.take(s, pairs)
	return true
}

// take goes on with the test.
func (y *probe) take(s release.State, pairs []release.SyntheticPair) {
	list := make([]analysis.Pair, len(pairs))
	for i, p := range pairs {
		list[i] = analysis.Pair{At: p.At.UTC(), Of: p.Of, Void: p.Void,
			Old: analysis.Try{Bad: p.Old.Bad, Took: p.Old.Took}, New: analysis.Try{Bad: p.New.Bad, Took: p.New.Took}}
	}
	a := y.settings.Judge(&y.test, s.HoldNumber(), list)
	y.last = &a
}

const notHeld = "no share of the traffic is held"

// holding reports whether synthetic requests may be sent at all.
func holding(s release.State) bool { return s.Synthesizes() && s.Held }

// idle says why nothing is to be sent now, "" if it is.
func (y *probe) idle(s release.State, w release.World) string {
	switch {
	case !holding(s):
		return notHeld
	case !w.Traffic.Known:
		return "the front cannot be observed"
	}
	for _, side := range []release.Side{s.Plan.From.Side, s.Plan.To.Side} {
		if in := w.Sides.Of(side); !in.Known || in.Ready() == 0 {
			return fmt.Sprintf("no instance of %s is known to be ready", side)
		}
	}
	users, known := y.users.perMinute()
	if !known {
		return "users are being counted"
	}
	if least := float64(y.plan.WhenBelow); users.Blue >= least && users.Green >= least {
		return fmt.Sprintf("users send enough: %.0f requests a minute to blue, %.0f to green", users.Blue, users.Green)
	}
	return ""
}

// weigh puts what the synthetic requests say beside the verdict: the worse of
// the two counts. They make a verdict healthy only where the release says so,
// users are too few, and nothing speaks against it.
func (y *probe) weigh(s release.State, v release.Verdict, suspicious bool) release.Verdict {
	if y.plan == nil {
		return v
	}
	own := y.verdict()
	if own.Rests == "" && !holding(s) {
		own.Rests = notHeld // since the last look
	}
	if own.Kind == release.Healthy && y.test.Better.Step != s.HoldNumber() {
		// It is about the step before: this one has only just begun.
		own.Kind, own.InHold = release.NotEnough, 0
	}
	v.Synthetic = &own
	if own.Kind == release.Failing {
		if v.Kind != release.Failing {
			v.Kind, v.Reason, v.Lacks = release.Failing, own.Reason, ""
		}
		return v
	}
	if own.Rests != "" || v.Kind == release.Failing || v.Kind == release.BothFailing {
		return v
	}
	switch {
	case own.Kind == release.BothFailing:
		v.Kind, v.Reason, v.Lacks, v.Holds = release.BothFailing, own.Reason, "", own.Reason
	case y.wrong != "" || y.last.Finding == analysis.Suspicious || y.last.Finding == analysis.Waiting:
		if v.Holds == "" {
			v.Holds = own.Reason
		}
		if v.Kind == release.Healthy {
			v.Kind, v.Lacks = release.NotEnough, own.Reason
		}
	case !y.plan.Promotes || suspicious || v.Holds != "" || v.Kind == release.Unknown:
	case own.Kind == release.Healthy:
		if own.StandsIn = true; v.Kind != release.Healthy {
			v.Kind, v.Reason, v.Lacks = release.Healthy, own.Reason, ""
		}
	case v.Kind == release.NotEnough && own.Lacks != "":
		v.Lacks = joined(v.Lacks, own.Lacks)
	}
	return v
}

// verdict is what the synthetic requests say by themselves.
func (y *probe) verdict() release.SyntheticVerdict {
	v := release.SyntheticVerdict{Kind: release.Unknown, Rests: y.rests, Pairs: int(y.test.Pairs), InHold: y.test.InStep}
	switch {
	case y.wrong != "":
		v.Reason = "synthetic: nothing can be sent: " + y.wrong
		return v
	case y.last == nil:
		return v
	}
	v.Kind, v.Evidence = kinds[y.last.Finding], evidenceOf(*y.last)
	v.Reason = "synthetic: " + y.last.Reason()
	if v.Lacks = y.last.Lacks(); v.Lacks != "" {
		v.Lacks = "synthetic: " + v.Lacks
	}
	if len(y.test.Broken) > 0 && y.last.Finding != analysis.Waiting {
		v.Reason += "; neither version has ever answered " + strings.Join(y.test.Broken, ", ") + " well"
	}
	return v
}

func joined(a, b string) string {
	if a == "" {
		return b
	}
	return a + "; " + b
}
