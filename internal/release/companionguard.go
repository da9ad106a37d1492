package release

import "fmt"

// newcomers returns the companions' instances of the new version.
func (d *decider) newcomers() Instances {
	return d.w.Companions.which(func(i Instance) bool {
		c, ok := d.p.companion(i.Component)
		return ok && !c.Stays() && c.new(i)
	})
}

// noticeCompanions records that companions of the new version ended by
// themselves, or lost and regained their readiness.
func (d *decider) noticeCompanions() bool {
	if len(d.p.Companions) == 0 || !d.w.Companions.Known || d.s.Phase == Reverting {
		return false
	}
	in := d.newcomers()
	if in.Restarts() > d.s.NewcomerRestarts {
		d.emit(Noticed{What: Restarted, Side: d.p.To.Side, Component: restarted(in), Detail: lastWords(in)})
		return true
	}
	name, short := d.lacking()
	switch {
	case short != "" && d.s.AilingSince.IsZero():
		d.emit(Noticed{What: Degraded, Side: d.p.To.Side, Component: name, Detail: short + ": " + lastWords(in)})
		return true
	case short == "" && !d.s.AilingSince.IsZero():
		d.emit(Noticed{What: Recovered, Side: d.p.To.Side, Component: d.s.Ailing, Detail: "every instance is ready"})
		return true
	}
	return false
}

// restarted names the component of which instances were started again.
func restarted(in Instances) string {
	for _, i := range in.List {
		if i.Restarts > 0 {
			return i.Component
		}
	}
	return ""
}

// lacking names a companion of the new version that has been ready before and
// should still be, and says how many of its instances are.
func (d *decider) lacking() (name, short string) {
	if !d.s.Phase.watched() || d.p.shadowOnly() {
		return "", ""
	}
	for _, c := range d.p.Companions {
		settled := c.Overlap != Never || d.s.Phase == Standby || d.s.Phase == Soaking && d.s.Held
		if c.Stays() || c.To.Version == "" || !settled {
			continue
		}
		if r := d.readyOf(c, c.To); r < c.Replicas {
			return c.Name, fmt.Sprintf("%d of %s of %s ready", r, plural(c.Replicas, "instance", "instances"), c.Name)
		}
	}
	return "", ""
}

// companionsBroken says what is wrong with the new version's companions, or "".
func (d *decider) companionsBroken() string {
	if len(d.p.Companions) == 0 || !d.w.Companions.Known {
		return ""
	}
	in := d.newcomers()
	if r := in.Restarts() - d.s.NewcomersForgiven; r > d.p.Guard.MaxRestarts {
		return fmt.Sprintf("crash loop: instances of %s %s ended %s by themselves: %s", restarted(in), d.p.To.Version, plural(r, "time", "times"), lastWords(in))
	}
	if at := d.s.AilingSince; !at.IsZero() && d.s.Phase.watched() && d.w.Now.Sub(at) > d.p.ReadyWithin {
		return fmt.Sprintf("%s stayed unready for %s: %s", d.s.Ailing, Span(d.p.ReadyWithin), lastWords(in))
	}
	for _, c := range d.p.Companions {
		limit := d.p.ReadyWithin
		switch {
		case c.Stays() || c.To.Version == "" || d.p.shadowOnly():
			continue
		case c.Overlap == Never && d.s.Phase == Soaking && !d.s.Held:
			limit += c.From.Artefact.Stop.Grace
		case c.Overlap == Never || d.s.Phase != Starting:
			continue
		}
		if r := d.readyOf(c, c.To); r < c.Replicas && d.inPhase() > limit {
			return fmt.Sprintf("%d of %s of %s got ready within %s: %s", r, plural(c.Replicas, "instance", "instances"), c.Name, Span(limit), lastWords(in))
		}
	}
	return ""
}
