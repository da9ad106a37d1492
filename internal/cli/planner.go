package cli

import (
	"context"
	"fmt"
	"reflect"
	"time"

	"cutover/internal/api"
	"cutover/internal/check"
	"cutover/internal/config"
	"cutover/internal/release"
	"cutover/internal/synthetic"
)

// planner makes plans from files for what stands now.
type planner struct{ c *control }

// Draft implements api.Planner.
func (p planner) Draft(ctx context.Context, files api.Files) (release.Plan, error) {
	b, err := loader().Load(ctx, files.Paths...)
	if err != nil {
		return release.Plan{}, err
	}
	r, err := b.Release(files.Release)
	if err != nil {
		return release.Plan{}, err
	}
	now := p.c.engine.Standing(r.Metadata.App).Running()
	if v, ok := p.c.engine.View(r.Metadata.Name); ok {
		now = v.State.Plan.Before()
	}
	return b.Plan(ctx, files.Release, now, p.c.snapshots)
}

// Plan refuses what could be recorded but never carried out here: a program
// that is missing, a secret that cannot be resolved, an address that is taken.
func (p planner) Plan(ctx context.Context, files api.Files) (release.Plan, error) {
	b, err := loader().Load(ctx, files.Paths...)
	if err != nil {
		return release.Plan{}, err
	}
	r, err := b.Release(files.Release)
	if err != nil {
		return release.Plan{}, err
	}
	// A release that is on record already is planned as it was then, so that
	// deploying it again finds it under way.
	if v, ok := p.c.engine.View(r.Metadata.Name); ok {
		return b.Plan(ctx, files.Release, v.State.Plan.Before(), p.c.snapshots)
	}
	return p.fresh(ctx, b, files.Release, p.c.engine.Standing(r.Metadata.App))
}

func (p planner) fresh(ctx context.Context, b *config.Bundle, name string, standing release.Standing) (release.Plan, error) {
	plan, err := b.Plan(ctx, name, standing.Running(), p.c.snapshots)
	if err != nil || standing.Refuses(plan, release.State{}) != nil {
		// Whoever deploys the plan is told why it is refused.
		return plan, err
	}
	if have := standing.Plan.Front.Driver; standing.Plan.Release != "" && plan.Front.Driver != have {
		return plan, fmt.Errorf("spec.traffic.driver of %s is %q, but %q serves its users: a front end cannot be exchanged by a release; keep it, or adopt the app anew", plan.App, plan.Front.Driver, have)
	}
	if err = p.startable(ctx, plan); err == nil && isForeign(plan.Front) {
		err = checkForeign(ctx, plan.App, plan.Front, plan.Replicas)
	} else if err == nil && !reflect.DeepEqual(plan.Front, standing.Plan.Front) {
		err = checkFront(ctx, layout(p.c.options.State), plan.App, plan.Front)
	}
	if app, ok := b.App(plan.App); ok && err != nil {
		return plan, fmt.Errorf("%s: %w", app.Place(), err)
	}
	if err := refuseSQL(ctx, b, name); err != nil {
		return plan, err
	}
	err = p.c.fits(ctx, plan)
	if err == nil {
		err = cacheAnswers(ctx, plan)
	}
	if err == nil {
		err = poolFits(ctx, plan)
	}
	if err == nil {
		err = check.Ready(plan)
	}
	if err == nil {
		err = tellers(layout(p.c.options.State)).Ready(plan)
	}
	if err == nil {
		err = synthetic.Ready(plan)
	}
	if err != nil {
		if r, named := b.Release(name); named == nil {
			return plan, fmt.Errorf("%s: %w", r.Place(), err)
		}
		return plan, err
	}
	return plan, nil
}

// checkLimit bounds the look whether a change fits its database, which for
// SQLite tries all of it: some seconds of work, and more beside other programs.
const checkLimit = 3 * time.Minute

// fits says why the schema change of a plan cannot be carried out on the
// database as it is now.
func (c *control) fits(ctx context.Context, p release.Plan) error {
	if !p.Schema.Changes() {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, checkLimit)
	defer cancel()
	return c.schema.Check(ctx, release.SchemaOrder{Stamp: release.Stamp{App: p.App}, Release: p.Release, Database: p.Database, Schema: p.Schema, To: p.To})
}

// startable says why a component of the plan could not be started here.
func (p planner) startable(ctx context.Context, plan release.Plan) error {
	err := p.c.platform.Startable(ctx, startOrder(plan))
	for _, c := range plan.Companions {
		if err == nil && c.To.Version != "" && !c.Stays() {
			err = p.c.platform.Startable(ctx, release.StartOrder{Stamp: release.Stamp{App: plan.App}, Side: c.To.Side, Component: c.Name,
				Version: c.To.Version, Digest: c.To.Digest, Artefact: c.To.Artefact, Count: c.Replicas})
		}
	}
	return err
}

func startOrder(p release.Plan) release.StartOrder {
	return release.StartOrder{Stamp: release.Stamp{App: p.App}, Side: p.To.Side, Version: p.To.Version,
		Digest: p.To.Digest, Artefact: p.To.Artefact, Count: p.Replicas}
}
