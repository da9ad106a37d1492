package release

// reverting is the one way back, from whatever phase: traffic to the old side,
// drain the new one, stop it, put the schema back.
func (d *decider) reverting() {
	if d.leftNothing() {
		d.end(RolledBack, d.s.Revert, d.s.Brought && !d.p.Adopts)
	}
}

// withdrawing ends a shadow release: it takes the same way, and blames nobody.
func (d *decider) withdrawing() {
	if d.leftNothing() {
		d.end(Compared, d.s.Reason, false)
	}
}

// leftNothing goes the way back and reports whether the world is as before.
func (d *decider) leftNothing() bool {
	d.keepOld()
	d.wantRoute()
	if !d.w.Traffic.Known || !d.new().Known || !d.old().Known {
		d.wait("the platform or the front cannot be observed")
		return false
	}
	d.callForHelp(ActStart, d.p.From.Side, "find out from its log why the old version does not start; it is tried again")
	if !d.trafficBack() {
		return false
	}
	// The new workers are gone before the schema is, and the new singleton
	// before the old one starts.
	companions := d.dismissNew()
	if n := d.new().List; len(n) > 0 {
		if d.drained(d.p.To.Side, nil, d.s.EnteredAt) {
			d.want(Action{Kind: ActStop, Side: d.p.To.Side, Instances: ids(n)})
			d.callForHelp(ActStop, d.p.To.Side, "look at the instances' logs and stop them by hand")
		}
		return false
	}
	if !companions || d.s.Brought && !d.serversGone(d.p.To.Side) || !d.newCachePurged() {
		return false
	}
	if d.s.Expanded && !d.schemaBack() {
		return false
	}
	if d.s.Exchanging && !d.databaseBack() {
		return false
	}
	if !d.poolBack() {
		return false
	}
	if d.old().Ready() < d.p.Replicas && !d.p.First() {
		d.wait("%d of %d old instances are ready", d.old().Ready(), d.p.Replicas)
		return false
	}
	if !d.companionsBack() {
		return false
	}
	if r, ok := d.route(); d.p.Strategy == Restore && (!ok || !d.shows(r)) {
		d.wait("the front does not show the traffic on %s yet", d.p.From.Side)
		return false
	}
	return true
}

// trafficBack reports whether the front shows nothing left for the new side.
func (d *decider) trafficBack() bool {
	t := d.newTraffic()
	if t.Weight == None && len(t.Endpoints) == 0 {
		return true
	}
	d.wait("traffic is not yet off %s: %d of %d instances of the old version are ready", d.p.To.Side, d.old().Ready(), d.p.Replicas)
	return false
}

func (d *decider) schemaBack() bool {
	switch {
	case d.p.Schema.Stays():
		return true
	case !d.w.Schema.Known:
		d.wait("the database cannot be observed")
	case d.w.Schema.Expanded || d.w.Schema.Partly:
		d.want(Action{Kind: ActRevertSchema})
		d.callForHelp(ActRevertSchema, NoSide, "mend what the database says, then `cutover resume`")
	default:
		return true
	}
	return false
}

// callForHelp says that an action has failed more often than it should, while
// it goes on being tried at its slowest pace.
func (d *decider) callForHelp(k ActionKind, side Side, cure string) {
	d.callForHelpWith(Action{Kind: k, Side: side}, cure)
}

func (d *decider) callForHelpWith(a Action, cure string) {
	t := d.s.try(a.Kind, a.Side, a.Component)
	if t.Failures < d.p.Tries.Most || d.s.Halt != nil || len(d.out.Events) > 0 {
		return
	}
	d.emit(Halted{Kind: NeedsHuman, Reason: string(a.Kind) + " failed " + plural(t.Failures, "time", "times") + ": " + t.Error, Cure: cure})
}
