package release

// PoolWorld is what the controller itself knows of the pools.
type PoolWorld struct {
	// Held says that an action under way here makes clients wait, and ends that
	// by itself within its bound.
	Held bool `json:"held,omitempty"`
}

// poolOpen has a pause ended that nothing under way ends, since whoever began
// it has died, and reports whether anything else may be done. It is tried
// before all else. If it fails it goes on being tried beside the rest: a
// PgBouncer that cannot be reached must not keep traffic from being moved.
func (d *decider) poolOpen() bool {
	if !d.s.PoolHeld || d.w.Pool.Held {
		return true
	}
	d.want(Action{Kind: ActResumePool})
	d.callForHelp(ActResumePool, NoSide, "on PgBouncer's console say RESUME for the databases of the app, and see that cutover can reach it")
	return d.s.try(ActResumePool, NoSide, "").Failures > 0 && len(d.out.Events) == 0
}

// stillPaused reports whether an action has to wait until an earlier pause is
// over.
func (d *decider) stillPaused(a Action) bool {
	if !d.s.PoolHeld || d.w.Pool.Held || !d.p.PausesFor(a.Kind) {
		return false
	}
	d.wait("%s waits: clients may still be made to wait by an earlier try", a)
	return true
}

// serversGone waits for the server connections that a side has left, and
// reports whether they are gone. The side must be gone before.
func (d *decider) serversGone(side Side) bool {
	if !d.p.drainsPool() || d.s.PoolDrained == side || d.p.TargetOf("", side).Version == "" {
		return true
	}
	a := Action{Kind: ActDrainPool, Side: side}
	d.want(a)
	d.callForHelpWith(a, "end what its reason names, then `cutover resume`")
	return false
}

// poolReady has PgBouncer read the configuration of the release, and reports
// whether it has.
func (d *decider) poolReady() bool {
	if d.p.Database.Pooler.File.Path == "" || d.s.PoolFiled {
		return true
	}
	d.want(Action{Kind: ActReloadPool, Side: d.p.To.Side})
	return false
}

// poolBack has PgBouncer read the configuration again that it had before.
func (d *decider) poolBack() bool {
	if !d.s.PoolTouched {
		return true
	}
	a := Action{Kind: ActReloadPool, Side: d.p.From.Side}
	d.want(a)
	d.callForHelpWith(a, "see that PgBouncer's file can be written and its console reached; it is tried again")
	return false
}

// poolIntended takes in that an action is about to touch the pools.
func (s State) poolIntended(a Action) State {
	switch {
	case s.Plan.PausesFor(a.Kind):
		s.PoolHeld = true
	case a.Kind == ActReloadPool && a.Side == s.Plan.To.Side:
		s.PoolTouched = true
	case a.Kind == ActStart && a.Side == s.PoolDrained:
		s.PoolDrained = NoSide
	}
	return s
}

// poolFinished takes in what has become of the pools. That they are open again
// counts however the action itself ended.
func (s State) poolFinished(ev Finished) State {
	if ev.Pool != nil && ev.Pool.Open {
		s.PoolHeld = false
	}
	if ev.Error != "" || ev.Canceled {
		return s
	}
	switch ev.Kind {
	case ActResumePool:
		s.PoolHeld = false
	case ActDrainPool:
		s.PoolDrained = ev.Side
	case ActReloadPool:
		s.PoolFiled = ev.Side == s.Plan.To.Side
		s.PoolTouched = s.PoolFiled
	}
	return s
}
