package release

// SignalFinding is what one signal beside the requests, or one condition, says.
type SignalFinding struct {
	Name string `json:"name"`
	// Role is guard or evidence for a signal, rollback or hold for a condition.
	Role string `json:"role"`
	// Verdict is waiting, fine, worse, breached, both sides breached,
	// or breached, to pause.
	Verdict string `json:"verdict"`
	// Reason says it in words, with the numbers and their units.
	Reason string `json:"reason"`
	// The numbers, nil where they are not known: of each version, of what both
	// share, and from before the release.
	Old      *float64 `json:"old,omitempty"`
	New      *float64 `json:"new,omitempty"`
	Shared   *float64 `json:"shared,omitempty"`
	Baseline *float64 `json:"baseline,omitempty"`
}

// withheld reports whether the verdict has the release stand still. A hold
// that lasts too long becomes a pause that says why.
func (d *decider) withheld(h Hold) bool {
	why := d.w.Verdict.Holds
	if why == "" {
		return false
	}
	d.wait("%s", why)
	if h.AtMost > 0 && d.w.Now.Sub(d.s.HeldAt) >= h.AtMost {
		d.emit(Halted{Kind: Paused, Reason: "it cannot go on after " + Span(h.AtMost) + ": " + why,
			Cure: "`cutover next` goes on in spite of it, `cutover resume` waits again, `cutover rollback` takes the release back"})
	}
	return true
}
