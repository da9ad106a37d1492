package release

import "time"

// matched reports whether the front shows what the phase demands.
func (d *decider) matched() bool {
	if !d.w.Traffic.Known || !d.old().Known && !d.p.First() || !d.new().Known {
		return false
	}
	r, ok := d.route()
	return ok && d.shows(r) && r.Sides.Of(d.p.To.Side).Weight == d.goal()
}

// goal is the new side's weight that the phase is about.
func (d *decider) goal() Weight {
	switch d.s.Phase {
	case Shifting:
		return d.p.weightAt(d.s.Step)
	case Soaking:
		return All - d.p.heldBack()
	}
	return All
}

// counted makes sure that the hold has a beginning in the counters as they
// count now, and by the clock as it is now; a front that started anew, or a
// clock that was set back, begins it again.
func (d *decider) counted() bool {
	if d.s.Held && d.s.Base.Epoch == d.w.Traffic.Epoch && !d.ahead(d.s.HeldAt) {
		return true
	}
	d.wait("the hold begins now")
	d.emit(Reached{Phase: d.s.Phase, Step: d.s.Step, Reading: d.w.Traffic.Reading()})
	return false
}

// holdOver reports whether the hold may end. Time counts from when the weight
// was observed, requests are the new side's own, and missing data never ends
// it. After AtMost it turns into a pause that says why.
func (d *decider) holdOver(h Hold) bool {
	if d.s.Halt != nil {
		d.wait("%s: %s", d.s.Halt.Kind, d.s.Halt.Reason)
		return false
	}
	elapsed := d.w.Now.Sub(d.s.HeldAt)
	if left := h.AtLeast - elapsed; left > 0 {
		d.wait("held for another %s", Span(left.Round(time.Second)))
	}
	growth, ok := d.s.Count(d.w.Traffic.Reading())
	if !ok || d.w.Verdict.Kind == Unknown {
		d.wait("%s", d.unmeasured())
		return false
	}
	insists := d.s.Next && d.onFailure() == Pause
	if d.w.Verdict.Kind == Failing && !insists {
		d.wait("the verdict is failing: %s", d.w.Verdict.Reason)
		return false
	}
	if r := d.new().Ready(); r < d.needNew() && !insists {
		d.wait("%d of %d instances of %s are ready", r, d.needNew(), d.p.To.Version)
		return false
	}
	if d.s.Next || d.s.Promote && d.s.Phase == Shifting {
		return true
	}
	if d.withheld(h) {
		return false
	}
	return d.convinced(h, int(growth.Of(d.p.To.Side).Accepted), elapsed)
}

// convinced reports whether a hold has had its time and its evidence. One that
// lasts too long without evidence pauses the release.
func (d *decider) convinced(h Hold, got int, elapsed time.Duration) bool {
	least := d.p.leastRequests(h)
	got = max(got, d.p.standIn(d.w.Verdict))
	if got >= least && (!d.p.needsEvidence(h) || d.w.Verdict.Kind == Healthy) {
		return elapsed >= h.AtLeast
	}
	d.wait("%d of %d requests on %s; verdict %s: %s", got, least, d.p.To.Side, d.w.Verdict.Kind, d.w.Verdict.open())
	if h.AtMost > 0 && elapsed >= h.AtMost {
		d.emit(Halted{Kind: Paused,
			Reason: "no sufficient evidence after " + Span(h.AtMost) + ": " + d.w.Verdict.Reason,
			Cure:   "`cutover next` goes on without it, `cutover resume` waits again, `cutover rollback` takes the release back"})
	}
	return false
}

// unmeasured says why there is no verdict.
func (d *decider) unmeasured() string {
	why := "the traffic on both sides cannot be measured"
	if r := d.w.Verdict.open(); r != "" {
		why += ": " + r
	}
	return why
}

// needsEvidence reports whether a hold ends only on a healthy verdict.
func (p Plan) needsEvidence(h Hold) bool {
	return h.AtLeastRequests > 0 || p.Pace == Adaptive && !p.First()
}

// leastRequests is how many requests of the new side a hold needs.
func (p Plan) leastRequests(h Hold) int {
	if !p.needsEvidence(h) {
		return 0
	}
	return max(h.AtLeastRequests, p.Guard.MinRequests)
}

// why says what let a hold end.
func (d *decider) why(what string) string {
	switch {
	case d.p.First():
		return what + ": it is the first release, there is nothing to compare with"
	case d.p.Strategy == Restore:
		return what + ": the older version is back, there is nothing to compare it with"
	case d.s.Next:
		return what + ": next on request"
	case d.s.Promote:
		return what + ": promoted on request"
	}
	return what + ": " + d.w.Verdict.Reason
}
