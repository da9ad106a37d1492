package release

// tend has the companions run that the phase needs, each in the version it
// needs. What is to end is ended by the phases themselves.
func (d *decider) tend() {
	if len(d.p.Companions) == 0 {
		return
	}
	if !d.w.Companions.Known {
		d.wait("the workers and singletons cannot be observed")
		return
	}
	for _, c := range d.p.Companions {
		switch {
		case c.Stays():
			d.raise(c, c.To)
			continue
		case d.needsOld(c):
			d.raise(c, c.From)
		}
		if d.needsNew(c) {
			d.raise(c, c.To)
		}
	}
}

// raise starts the instances of a companion that are lacking.
func (d *decider) raise(c Companion, t Target) {
	if d.w.Companions.which(func(i Instance) bool { return i.Component == c.Name && i.Side == t.Side }).Alive() < c.Replicas {
		d.want(Action{Kind: ActStart, Side: t.Side, Component: c.Name, Count: c.Replicas})
	}
}

// needsOld reports whether the old version of a companion is to run now.
func (d *decider) needsOld(c Companion) bool {
	if c.From.Version == "" || d.displaced() {
		return false
	}
	switch d.s.Phase {
	case Retiring, Contracting, Done:
		return false
	case Soaking, Standby:
		return c.Overlap != Never
	case Reverting:
		return c.Overlap != Never || len(d.w.Companions.which(c.new).List) == 0
	}
	return true
}

// needsNew reports whether the new version of a companion is to run now. A
// shadow gets none: it would do the work of users a second time.
func (d *decider) needsNew(c Companion) bool {
	if c.To.Version == "" || d.p.shadowOnly() {
		return false
	}
	if c.Overlap == Never {
		return d.handsOver() && len(d.w.Companions.which(c.old).List) == 0
	}
	switch d.s.Phase {
	case Starting, Warming, Testing, Shifting, Soaking, Standby, Retiring, Contracting, Done:
		return true
	}
	return false
}

// handsOver reports whether singletons of the new version may run: the new
// version has been seen to carry the traffic.
func (d *decider) handsOver() bool {
	switch d.s.Phase {
	case Soaking:
		return d.s.Held || d.matched()
	case Standby, Retiring, Contracting, Done:
		return true
	}
	return false
}

// exchanged ends the singletons of the old version and reports whether those of
// the new one have taken over.
func (d *decider) exchanged() bool {
	gone := true
	for _, c := range d.p.Companions {
		if c.Overlap == Never && !c.Stays() && !d.dismiss(c, c.From.Side, c.old) {
			gone = false
		}
	}
	return gone && d.companionsReady(true)
}

// dismiss stops the instances of a companion for which is holds, and reports
// whether there are none.
func (d *decider) dismiss(c Companion, side Side, is func(Instance) bool) bool {
	if !d.w.Companions.Known {
		d.wait("the instances of %s cannot be observed", c.Name)
		return false
	}
	left := d.w.Companions.which(is).List
	if len(left) == 0 {
		return true
	}
	d.wait("%s of %s to end", plural(len(left), "instance", "instances"), c.Name)
	a := Action{Kind: ActStop, Side: side, Component: c.Name, Instances: ids(left)}
	d.want(a)
	d.callForHelpWith(a, "look at the instances' logs and stop them by hand")
	return false
}

// dismissOld stops every companion of the old version that does not stay, and
// reports whether they are gone.
func (d *decider) dismissOld() bool {
	gone := true
	for _, c := range d.p.Companions {
		if !c.Stays() && !d.dismiss(c, c.From.Side, c.old) {
			gone = false
		}
	}
	return gone
}

// dismissNew does the same with the new version.
func (d *decider) dismissNew() bool {
	gone := true
	for _, c := range d.p.Companions {
		if !c.Stays() && !d.dismiss(c, c.To.Side, c.new) {
			gone = false
		}
	}
	return gone
}

// dismissStrays stops companions that are neither of the old version nor of the
// new one, left behind by something else, and reports whether there are none.
func (d *decider) dismissStrays() bool {
	if len(d.p.Companions) == 0 && len(d.w.Companions.List) == 0 {
		return true
	}
	if !d.w.Companions.Known {
		d.wait("the workers and singletons cannot be observed")
		return false
	}
	for _, i := range d.w.Companions.List {
		if c, ok := d.p.companion(i.Component); !ok || !c.old(i) && !c.new(i) {
			of := func(o Instance) bool { return o.ID == i.ID }
			return d.dismiss(Companion{Name: i.Component}, i.Side, of)
		}
	}
	return true
}

// companionsReady reports whether the new version's companions are ready, with
// those that never overlap or without them.
func (d *decider) companionsReady(singletons bool) bool {
	return d.ready(func(c Companion) (Target, bool) {
		return c.To, !d.p.shadowOnly() && (singletons || c.Overlap != Never)
	})
}

// companionsBack reports whether the old version's companions are ready.
func (d *decider) companionsBack() bool {
	return d.ready(func(c Companion) (Target, bool) { return c.From, true })
}

func (d *decider) ready(which func(Companion) (Target, bool)) bool {
	for _, c := range d.p.Companions {
		t, asked := which(c)
		if !asked || t.Version == "" {
			continue
		}
		if r := d.readyOf(c, t); r < c.Replicas {
			d.wait("%d of %s of %s ready", r, plural(c.Replicas, "instance", "instances"), c.Name)
			return false
		}
	}
	return true
}

// readyOf counts the instances of a companion that are ready in one version.
func (d *decider) readyOf(c Companion, t Target) int {
	return d.w.Companions.which(func(i Instance) bool { return i.Component == c.Name && i.runs(t) }).Ready()
}
