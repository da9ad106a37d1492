package release

import (
	"cmp"
	"slices"
)

// route returns what the front should serve now, or false if there is no
// ready instance to send anything to.
func (d *decider) route() (Route, bool) {
	r := Route{Front: d.p.Front, Salt: d.p.Release, Private: d.private()}
	old, fresh := r.Sides.Of(d.p.From.Side), r.Sides.Of(d.p.To.Side)
	if d.routesOld() {
		old.Endpoints = endpoints(d.old().List, d.oldRouted())
	}
	if d.routesNew() {
		fresh.Endpoints = endpoints(d.new().List, d.p.Replicas)
	}
	fresh.Weight = d.share()
	r.Mirror = d.mirror(r)
	switch {
	case len(old.Endpoints) == 0 && len(fresh.Endpoints) == 0:
		return r, d.p.First() && d.s.Phase == Reverting || d.displaced() && fresh.Weight == None
	case len(fresh.Endpoints) == 0:
		fresh.Weight = None
	case len(old.Endpoints) == 0 && d.mayCarry():
		fresh.Weight = All
	case len(old.Endpoints) == 0 && fresh.Weight < All:
		return r, (d.p.First() || d.displaced()) && fresh.Weight == None
	}
	if old.Weight = All - fresh.Weight; len(old.Endpoints) == 0 {
		old.Weight = None
	}
	return r, true
}

// share is the new side's weight as the phase wants it.
func (d *decider) share() Weight {
	switch d.s.Phase {
	case Shifting:
		if d.grownQuietly() {
			return d.p.weightAt(d.s.Step)
		}
		return d.p.weightAt(d.s.Step - 1)
	case Soaking:
		return All - d.p.heldBack()
	case Standby, Retiring, Contracting, Done:
		return All
	case Reverting:
		if d.oldTakesAll() {
			return None
		}
		return d.newTraffic().Weight
	}
	return None
}

// grownQuietly reports whether a rolling step has its new instances.
func (d *decider) grownQuietly() bool {
	return d.s.Step == 0 || d.s.Held || d.p.Strategy != RollingUpdate || d.new().Ready() >= d.p.newAt(d.s.Step)
}

// oldTakesAll reports whether a rollback may move the traffic now: the old
// side is strong enough, or the new side has nothing left to serve with.
func (d *decider) oldTakesAll() bool {
	ready := d.old().Ready()
	return d.p.alone() || d.newTraffic().Weight == None || ready >= d.p.quorum() || ready > 0 && d.new().Ready() == 0
}

// private names the side that may be reached before it has public traffic.
func (d *decider) private() Side {
	switch d.s.Phase {
	case Starting, Warming, Testing, Shifting, Soaking:
		return d.p.To.Side
	}
	return NoSide
}

func (d *decider) routesOld() bool {
	switch d.s.Phase {
	case Retiring, Contracting, Done:
		return false
	}
	return !d.p.First() && !d.displaced()
}

func (d *decider) routesNew() bool {
	switch d.s.Phase {
	case Planned, Waiting, Preflight, Expanding, Backfilling, Restoring, RolledBack, Withdrawing, Compared:
		return false
	case Reverting:
		return !d.oldTakesAll()
	}
	return true
}

// mayCarry reports whether the new side has passed its tests and fits the
// schema, so that it may take everything if the old side is lost.
func (d *decider) mayCarry() bool {
	if d.p.shadowOnly() {
		return false
	}
	return d.s.Phase.carries() || d.s.Phase == Done || d.s.NoReturn ||
		d.s.Phase == Reverting && d.newTraffic().Weight > None
}

// oldRouted is how many old instances belong on the route.
func (d *decider) oldRouted() int {
	switch {
	case d.s.Phase == Shifting && d.grownQuietly():
		return d.p.oldAt(d.s.Step)
	case d.s.Phase == Shifting:
		return d.p.oldAt(d.s.Step - 1)
	case d.s.Phase == Soaking || d.s.Phase == Standby:
		return d.p.oldAt(d.p.stepCount() - 1)
	}
	return d.p.Replicas
}

// wantRoute asks for the route unless the front shows it already.
func (d *decider) wantRoute() {
	if !d.w.Traffic.Known {
		d.wait("the front cannot be observed")
		return
	}
	if !d.new().Known || !d.old().Known {
		return
	}
	if r, ok := d.route(); ok && !d.shows(r) {
		d.want(Action{Kind: ActRoute, Route: &r})
		if !d.s.Phase.Ended() {
			d.callForHelp(ActRoute, NoSide, "mend what the front says, `cutover doctor` helps; it is tried again, and `cutover resume` does so at once")
		}
	}
}

// shows reports whether the front serves the route already.
func (d *decider) shows(r Route) bool {
	t := &d.w.Traffic
	return t.Served && t.Salt == r.Salt && t.Private == r.Private && t.Mirror.Same(r.Mirror) &&
		t.Sides.Blue.shows(r.Sides.Blue) && t.Sides.Green.shows(r.Sides.Green)
}

func (t SideTraffic) shows(r SideRoute) bool {
	return t.Weight == r.Weight && slices.Equal(t.Endpoints, r.Endpoints)
}

// endpoints returns the ready instances among the first most ones that run.
func endpoints(list []Instance, most int) []Endpoint {
	var es []Endpoint
	for _, i := range ordered(list)[:min(most, len(list))] {
		if i.Serves() {
			es = append(es, Endpoint{ID: i.ID, Addr: i.Addr})
		}
	}
	return es
}

// surplus returns the instances beyond the first keep ones.
func surplus(list []Instance, keep int) []Instance {
	return ordered(list)[min(keep, len(list)):]
}

// ordered sorts instances by ID, those told to stop last.
func ordered(list []Instance) []Instance {
	before := func(a, b Instance) int {
		if a.Stopping != b.Stopping {
			if b.Stopping {
				return -1
			}
			return 1
		}
		return cmp.Compare(a.ID, b.ID)
	}
	if slices.IsSortedFunc(list, before) {
		return list
	}
	sorted := slices.Clone(list)
	slices.SortFunc(sorted, before)
	return sorted
}

func ids(list []Instance) []string {
	out := make([]string, len(list))
	for i, in := range list {
		out[i] = in.ID
	}
	return out
}
