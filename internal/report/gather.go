package report

import (
	"errors"
	"fmt"
	"time"

	"cutover/internal/release"
)

// Gather reads the records of one release, in order. journal says where they
// stand; its count is taken from the records. Records that cannot follow each
// other, and none at all, are an error.
func Gather(records []release.Entry, journal Range) (Report, error) {
	if len(records) == 0 {
		return Report{}, errors.New("report on a release: the journal has no record of it")
	}
	g := &gatherer{}
	for _, e := range records {
		before := g.state
		after, err := release.Fold(before, e)
		if err != nil {
			return Report{}, fmt.Errorf("report on a release: %w", err)
		}
		if before.Last.Epoch == "" && after.Last.Epoch != "" {
			first := after.Last.Sides
			g.before = release.Sides[uint64]{Blue: open(first.Blue, 0), Green: open(first.Green, 0)}
		}
		g.state = after
		g.take(e, before)
	}
	journal.Records = len(records)
	g.r.Journal = journal
	return g.finish(records[len(records)-1].At), nil
}

// gatherer folds records into a report.
type gatherer struct {
	state   release.State
	r       Report
	samples []sample
	// before is what was in flight at the first look at the counters.
	before release.Sides[uint64]
	// weights are the orders of traffic that have no result yet, by their keys.
	weights map[string]release.Weight
	// shifting is when traffic first moved, standby when the new side had all.
	shifting, standby time.Time
}

func (g *gatherer) take(e release.Entry, before release.State) {
	switch ev := e.Event.(type) {
	case release.RecordedPlan:
		g.begin(e)
	case release.Entered:
		g.enter(ev, e.At)
	case release.Reached:
		g.reach(ev, e.At)
	case release.Intended:
		g.intend(ev, e.At)
	case release.Finished:
		g.finished(ev, e.At)
	case release.Requested:
		g.r.Said = append(g.r.Said, Said{At: e.At, Who: e.Actor, Verb: ev.Verb, Reason: ev.Reason, Approves: before.Approved == "" && g.state.Approved != ""})
	case release.Judged:
		g.judge(ev.Verdict, ev.Reading, e.At)
		g.note(e)
	case release.Weighed:
		g.judge(ev.Verdict, ev.Reading, e.At)
	case release.Halted, release.Noticed, release.Switched:
		g.note(e)
	case release.FlagFinished:
		if ev.Error != "" {
			g.note(e)
		}
	case release.Ended:
		g.end(e.At)
	}
}

func (g *gatherer) begin(e release.Entry) {
	p := g.state.Plan
	g.weights = map[string]release.Weight{}
	g.r = Report{Said: []Said{}, Notes: []Note{}, Release: p.Release, App: p.App, Author: p.Author, Strategy: p.Strategy, FlagsOff: p.FlagsOff, Began: e.At,
		From: Version{p.From.Version, p.From.Side, p.From.Digest}, To: Version{p.To.Version, p.To.Side, p.To.Digest},
		Stages: []Stage{{Phase: release.Planned, Word: string(release.Planned), Reason: g.state.Reason, At: e.At}}}
}

// stage is the one that the release is in.
func (g *gatherer) stage() *Stage { return &g.r.Stages[len(g.r.Stages)-1] }

func (g *gatherer) enter(ev release.Entered, at time.Time) {
	g.stage().read(ev.Reading)
	g.stage().close(at, false, g.r.To.Side)
	g.sample(at, ev.Reading, nil)
	g.r.Stages = append(g.r.Stages, Stage{Phase: ev.Phase, Word: g.where(), Reason: ev.Reason, At: at})
	switch {
	case ev.Phase == release.Shifting && g.shifting.IsZero():
		g.shifting = at
	case ev.Phase == release.Standby:
		g.standby = at
	}
}

// where is what the phase is called, whether or not it stands still.
func (g *gatherer) where() string {
	s := g.state
	s.Halt = nil
	return s.Word()
}

func (g *gatherer) reach(ev release.Reached, at time.Time) {
	s := g.stage()
	s.Reached, s.base = max(at.Sub(s.At), 1), nil
	s.read(&ev.Reading)
	g.sample(at, &ev.Reading, nil)
}

func (g *gatherer) judge(v release.Verdict, r *release.Reading, at time.Time) {
	g.stage().read(r)
	g.sample(at, r, v.Evidence)
	if v.Evidence != nil || v.Comparison != nil {
		g.r.Verdict = &Judgement{At: at, During: g.where(), Verdict: v}
	}
	if v.Comparison != nil {
		g.r.Shadow = v.Comparison
	}
	if len(v.Signals) > 0 {
		g.r.Signals = v.Signals
	}
}

func (g *gatherer) sample(at time.Time, r *release.Reading, e *release.Evidence) {
	if r != nil || e != nil {
		g.samples = append(g.samples, sample{at, r, e})
	}
}

func (g *gatherer) intend(ev release.Intended, at time.Time) {
	s := g.stage()
	s.Deeds = append(s.Deeds, Deed{At: at, Action: ev.Action.String(), Times: 1, Open: true, key: ev.Key})
	if ev.Action.Route != nil {
		route := *ev.Action.Route
		g.weights[ev.Key] = route.Sides.Of(g.r.To.Side).Weight
	}
}

func (g *gatherer) finished(ev release.Finished, at time.Time) {
	if d := g.deed(ev.Key); d != nil {
		d.Open, d.Took, d.Error, d.Canceled = false, ev.Took, ev.Error, ev.Canceled
	}
	if w, is := g.weights[ev.Key]; is && ev.Error == "" && !ev.Canceled {
		g.asked(w.Share(), at)
	}
	for _, c := range ev.Checks {
		g.r.Checks = append(g.r.Checks, Checked{at, ev.Kind, c})
	}
}

// asked takes in an order of traffic; another endpoint at the same share is none.
func (g *gatherer) asked(share float64, at time.Time) {
	if all := g.r.Course.Asked; len(all) == 0 || all[len(all)-1].Share != share {
		g.r.Course.Asked = append(all, Asked{at, share})
	}
}

// deed finds an action by its key, which may have begun in an earlier stage.
func (g *gatherer) deed(key string) *Deed {
	for i := len(g.r.Stages) - 1; i >= 0; i-- {
		for k := range g.r.Stages[i].Deeds {
			if d := &g.r.Stages[i].Deeds[k]; d.key == key {
				return d
			}
		}
	}
	return nil
}

func (g *gatherer) note(e release.Entry) {
	g.r.Notes = append(g.r.Notes, Note{e.Seq, e.At, e.Event.Name(), release.Sentence(e.Event)})
}

func (g *gatherer) end(at time.Time) {
	g.stage().close(at, false, g.r.To.Side)
	g.r.Ended = at
	g.r.Stages = append(g.r.Stages, Stage{Phase: g.state.Phase, Word: string(g.state.Phase), Reason: g.state.Reason, At: at})
}

func (g *gatherer) finish(last time.Time) Report {
	s, r := g.state, g.r
	if r.SoFar = !s.Phase.Ended(); r.SoFar {
		g.stage().close(last, true, r.To.Side)
		r.AsOf = last
	} else {
		g.stage().merge() // what is kept up since
		r.AsOf = r.Ended
	}
	r.Took = r.AsOf.Sub(r.Began)
	r.Word, r.Reason, r.Rejected, r.NoReturn = s.Word(), s.Reason, s.Rejected, s.NoReturnAt
	if s.Halt != nil {
		r.Reason = s.Halt.Reason + "; " + s.Halt.Cure
	}
	r.Backup, r.Schema = s.Saved, schemaOf(s, r.Stages)
	if s.Rehearsed != nil {
		r.Rehearsal = &Rehearsal{*s.Rehearsed, s.Approved}
	}
	b := g.before
	r.Ledger = release.Sides[Account]{Blue: accountOf(s.Ledger.Blue, b.Blue), Green: accountOf(s.Ledger.Green, b.Green)}
	r.Total = accountOf(s.Ledger.Blue.Plus(s.Ledger.Green), b.Blue+b.Green)
	plots := plotter{fresh: r.To.Side}
	r.Course.Points = plots.plot(g.samples)
	r.Course.From, r.Course.To = g.shown(r.Course)
	return r
}

// shown is the time that charts show: from the first traffic on, and of a
// long standby its beginning.
func (g *gatherer) shown(c Course) (from, to time.Time) {
	if len(c.Points) == 0 {
		return
	}
	from, to = c.Points[0].At, c.Points[len(c.Points)-1].At
	if !g.shifting.IsZero() && g.shifting.Before(to) {
		from = g.shifting
	}
	if most := g.standby.Add(g.standby.Sub(from) / 2); g.standby.After(from) && most.Before(to) {
		to = most
	}
	return from, to
}

func schemaOf(s release.State, stages []Stage) *Schema {
	if !s.Plan.Schema.Changes() {
		return nil
	}
	out := &Schema{Native: s.Plan.Schema.IsNative(), Expanded: s.Expanded, Contracted: s.Contracted, Fill: s.Fill}
	for _, one := range []struct {
		wanted bool
		name   string
	}{{s.Plan.Schema.Expand, "expand"}, {s.Plan.Schema.Backfill, "backfill"}, {s.Plan.Schema.Contract, "contract"}} {
		if one.wanted {
			out.Stages = append(out.Stages, one.name)
		}
	}
	for _, st := range stages {
		for _, d := range st.Deeds {
			out.Reverted = out.Reverted || d.Action == string(release.ActRevertSchema) && d.Error == "" && !d.Canceled && !d.Open
		}
	}
	return out
}
