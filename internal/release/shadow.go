package release

import (
	"fmt"
	"slices"
)

// Shadow says how a version is tried on copies of requests: their answers are
// compared with those that the old version gave, and thrown away.
type Shadow struct {
	// Share of the requests is copied, as far as the shadow keeps up.
	Share Weight `json:"share"`
	// Samples is how many answers have to be compared.
	Samples int `json:"samples"`
	// Headers are compared besides status and body; a standard set if empty.
	Headers []string `json:"headers,omitempty"`
	// Ignore names paths that do not count, such as $.host or
	// GET /api/me $.seen; a * at the end stands for all that follow.
	Ignore []string `json:"ignore,omitempty"`
	// Tolerance is the share of an endpoint's answers, 0..1, that may differ.
	Tolerance float64 `json:"tolerance"`
	// Writes has requests copied that change something. Target, host:port, is
	// then where all copies go: an instance of the new version with a state of
	// its own, never one that shares production's.
	Writes bool   `json:"writes,omitempty"`
	Target string `json:"target,omitempty"`
}

// Mirror is a shadow in force.
type Mirror struct {
	// Side is the one that is tried; the other one's answers are the measure.
	Side   Side   `json:"side"`
	Shadow Shadow `json:"shadow"`
}

// Same reports whether both mean the same; nil means none.
func (m *Mirror) Same(o *Mirror) bool {
	if m == nil || o == nil {
		return m == o
	}
	a, b := m.Shadow, o.Shadow
	return m.Side == o.Side && a.Share == b.Share && a.Samples == b.Samples && a.Tolerance == b.Tolerance &&
		a.Writes == b.Writes && a.Target == b.Target && slices.Equal(a.Headers, b.Headers) && slices.Equal(a.Ignore, b.Ignore)
}

// shadowOnly reports whether the new side never gets traffic. A first release
// has nobody to be compared with.
func (p Plan) shadowOnly() bool { return p.Strategy == ShadowOnly && !p.First() }

// shadowAt returns the shadow of a step, nil for none.
func (p Plan) shadowAt(step int) *Shadow {
	if p.First() || p.Strategy == RollingUpdate || step < 0 || step >= len(p.Steps) {
		return nil
	}
	return p.Steps[step].Shadow
}

// stepText says in a few words what the new side gets at a step.
func (p Plan) stepText(step int) string {
	if sh := p.shadowAt(step); sh != nil {
		return "copies of " + sh.Share.String()
	}
	return p.weightAt(step).String()
}

// ends says what ends the hold of a step with a shadow.
func (sh Shadow) ends(h Hold) string {
	return fmt.Sprintf("%s and %s answers compared", Hold{AtLeast: h.AtLeast}, thousands(uint64(sh.Samples)))
}

// mirror returns the mirror that goes with a route, nil for none.
func (d *decider) mirror(r Route) *Mirror {
	if d.s.Phase != Shifting {
		return nil
	}
	sh := d.p.shadowAt(d.s.Step)
	if sh == nil || len(r.Sides.Blue.Endpoints) == 0 || len(r.Sides.Green.Endpoints) == 0 {
		return nil
	}
	return &Mirror{Side: d.p.To.Side, Shadow: *sh}
}

// shadow returns the shadow that the release is holding, nil for none.
func (s State) shadow() *Shadow {
	if s.Phase != Shifting {
		return nil
	}
	return s.Plan.shadowAt(s.Step)
}

// Weigh returns the world's verdict with what the comparison of answers adds
// to it. Without a shadow, or without an observed front, it is the world's.
func (s State) Weigh(w World) Verdict {
	v, sh := w.Verdict, s.shadow()
	if sh == nil || !s.Held || v.Kind == Unknown || v.Kind == Failing {
		return v
	}
	c := w.Traffic.Comparison
	if c == nil {
		return Verdict{Kind: NotEnough, Reason: "no answers have been compared yet", Holds: v.Holds, Signals: v.Signals}
	}
	v = Verdict{Kind: Healthy, Reason: c.String(), Requests: int(c.Samples), Holds: v.Holds, Signals: v.Signals, Comparison: c}
	switch {
	case len(c.Failing()) > 0:
		v.Kind = Failing
	case c.Samples < uint64(sh.Samples) || v.Holds != "":
		v.Kind = NotEnough
	}
	return v
}

// compared reports whether the shadow of the present step has been given
// enough answers. After the hold's AtMost it becomes a pause that says why.
func (d *decider) compared() bool {
	sh := d.s.shadow()
	if sh == nil || d.s.Halt != nil || d.s.Next || d.s.Promote {
		return true
	}
	c := d.w.Traffic.Comparison
	if c == nil {
		c = &Comparison{}
	}
	d.wait("%s", c)
	if c.Samples >= uint64(sh.Samples) {
		return true
	}
	d.wait("%s of %s answers compared", thousands(c.Samples), thousands(uint64(sh.Samples)))
	h := d.p.holdAt(d.s.Step)
	if d.w.Verdict.Kind != Unknown && h.AtMost > 0 && d.w.Now.Sub(d.s.HeldAt) >= h.AtMost {
		d.emit(Halted{Kind: Paused,
			Reason: fmt.Sprintf("%s of %s answers compared after %s", thousands(c.Samples), thousands(uint64(sh.Samples)), Span(h.AtMost)),
			Cure:   "`cutover next` goes on without more, `cutover resume` waits again, `cutover rollback` takes the release back"})
	}
	return false
}

// checkShadow is I1 for copies: they too go only to a tested version, and a
// version that is only shadowed gets nothing else.
func checkShadow(s State, r Route) []Violation {
	var vs []Violation
	if t := r.Sides.Of(s.Plan.To.Side); t.Weight > None && s.Plan.shadowOnly() {
		vs = append(vs, Violation{"I1", fmt.Sprintf("%s of traffic to a version that is only shadowed", t.Weight)})
	}
	if r.Mirror == nil {
		return vs
	}
	if s.shadow() == nil || r.Mirror.Side != s.Plan.To.Side {
		vs = append(vs, Violation{"I1", "copies of requests without a step that wants them"})
	}
	if s.Plan.tested() && !s.Passed {
		vs = append(vs, Violation{"I1", "copies of requests to a version whose checks have not passed"})
	}
	return vs
}

// checkComparison is I8 for a shadow: it ends well only on enough answers
// without a difference that counts, unless somebody asked for it.
func checkComparison(before State, w World, en Entered) []Violation {
	sh := before.shadow()
	leaves := en.Phase == Withdrawing || en.Phase == Soaking || en.Phase == Shifting && en.Step != before.Step
	switch {
	case en.Phase != Withdrawing && en.Phase != Reverting && before.Phase == Shifting && before.Plan.shadowOnly():
		return []Violation{{"I1", "a release that is only a shadow goes on to " + string(en.Phase)}}
	case sh == nil || !leaves || before.Next || before.Promote:
		return nil
	case w.Traffic.Comparison == nil || w.Traffic.Comparison.Samples < uint64(sh.Samples):
		return []Violation{{"I8", "the shadow ends on too few answers"}}
	case len(w.Traffic.Comparison.Failing()) > 0:
		return []Violation{{"I8", "the shadow ends well in spite of differences"}}
	}
	return nil
}
