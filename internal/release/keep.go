package release

// keepOld has the old side's instances run that the phase still needs. One
// that ended is started again whatever becomes of the release.
func (d *decider) keepOld() {
	if d.p.First() || d.displaced() || !d.old().Known {
		return
	}
	d.keepUp(d.p.From.Side, d.oldKept())
}

// oldKept is how many old instances the phase needs.
func (d *decider) oldKept() int {
	switch d.s.Phase {
	case Shifting:
		if d.s.Held {
			return d.p.oldAt(d.s.Step)
		}
		if d.s.Step > 0 {
			return d.p.oldAt(d.s.Step - 1)
		}
	case Soaking, Standby:
		return d.p.oldAt(d.p.stepCount() - 1)
	}
	return d.p.Replicas
}

// keepNew has n instances of the new version run.
func (d *decider) keepNew(n int) {
	if d.new().Known {
		d.keepUp(d.p.To.Side, n)
	}
}

func (d *decider) keepUp(side Side, n int) {
	if d.w.Sides.Of(side).Alive() < n {
		d.want(Action{Kind: ActStart, Side: side, Count: n})
	}
}
