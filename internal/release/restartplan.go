package release

import (
	"errors"
	"fmt"
	"time"
)

// restartWatch is how long each new instance is watched before the next old one
// goes.
const restartWatch = 2 * time.Second

// Restart returns the plan that starts everything anew that runs of an app, in
// the same versions: one instance after the other, as a rolling update, so that
// users are served meanwhile. What instances are told when they start is what
// counts then.
func (s Standing) Restart(name string) (Plan, error) {
	p := s.Plan
	switch {
	case p.Release == "":
		return p, fmt.Errorf("nothing of %s stands that could be started anew", s.App)
	case len(p.To.Artefact.Addresses) > 0, len(p.To.Artefact.Command) == 0 && p.To.Artefact.Container == nil && p.To.Artefact.Orders == nil:
		return p, errors.New("somebody else runs the instances: start them anew yourself")
	}
	p.Release, p.Strategy, p.Adopts = name, RollingUpdate, false
	p.Steps, p.Pace, p.Holdback, p.Checks, p.WarmUp, p.Signals, p.Synthetic, p.Gates = nil, "", None, nil, nil, nil, nil, nil
	p.Rolling = Rolling{Parallelism: 1, Monitor: restartWatch, OnFailure: Rollback}
	p.Soak, p.Standby = Hold{AtLeast: restartWatch}, 0
	p.Schema, p.Backup, p.Rehearsal, p.Restore = Schema{}, Backup{}, Rehearsal{}, ""
	p.From = s.Plan.To
	p.To.Side = p.From.Side.Other()
	p.Companions = nil
	for _, c := range s.Plan.Companions {
		if c.To.Version == "" {
			continue
		}
		c.From = c.To
		c.To.Side = c.From.Side.Other()
		p.Companions = append(p.Companions, c)
	}
	p.Cache = s.Plan.Cache.goesOn()
	return p, nil
}

// goesOn returns the cache of a release that changes nothing about it.
func (c Cache) goesOn() Cache {
	out := Cache{Redis: c.Redis, PurgeRate: c.PurgeRate}
	for _, n := range c.Namespaces {
		if n.From = n.To; n.To.Prefix != "" {
			out.Namespaces = append(out.Namespaces, n)
		}
	}
	return out
}

// Restarts reports whether the plan starts the version anew that runs already.
func (p Plan) Restarts() bool {
	return p.From.Version != "" && p.From.Version == p.To.Version && p.From.Digest == p.To.Digest
}
