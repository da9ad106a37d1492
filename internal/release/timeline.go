package release

import (
	"fmt"
	"strings"
	"time"
)

// Stage is one line of a plan as people read it.
type Stage struct {
	Phase Phase `json:"phase"`
	// Earliest is how long after the beginning it can begin at best.
	Earliest time.Duration `json:"earliest"`
	// What happens, and what ends it.
	What string `json:"what"`
	Ends string `json:"ends,omitempty"`
	// Back is the way back from here.
	Back string `json:"back"`
}

// Timeline predicts the stages of a release that goes well, if it begins at
// start. It is the earliest course: evidence and people can only delay it.
func Timeline(p Plan, start time.Time) []Stage {
	t := &timeline{p: p}
	if opens, open := opens(p.Gates, start); !open {
		t.add(Waiting, "for the window that opens "+opens.UTC().Format("Mon 2006-01-02 15:04 UTC"), "", opens.Sub(start), "nothing to undo")
	}
	t.before()
	t.traffic()
	t.after()
	return t.stages
}

type timeline struct {
	p      Plan
	at     time.Duration
	stages []Stage
}

func (t *timeline) add(ph Phase, what, ends string, lasts time.Duration, back string) {
	t.stages = append(t.stages, Stage{Phase: ph, Earliest: t.at, What: what, Ends: ends, Back: back})
	t.at += lasts
}

func (t *timeline) before() {
	p, none := t.p, "nothing to undo: no traffic has moved"
	look := "look whether the world is as planned"
	if p.ComparesCache() {
		look += ", look what the cache holds"
	}
	if p.Rehearsal.Wanted() {
		look += ", rehearse the change on a clone of the database"
	}
	if p.Backup.Wanted() {
		look += ", take a backup"
		if p.Backup.Verify {
			look += " and prove that it can be restored"
		}
	}
	if p.Strategy == Restore {
		look += ", restore " + p.Restore + " beside the database"
	}
	t.add(Preflight, look, "", 0, none)
	if p.Strategy == Restore {
		none = "the database is put back, restart of " + p.From.Version
		t.add(Restoring, "take "+p.From.Version+" off the air, stop it, replace the database by "+p.Restore+p.waiting(ActExchange), "", 0, none)
	}
	if p.Schema.Expand {
		t.add(Expanding, p.Schema.expands()+p.waiting(ActExpand), "", 0, p.Schema.back())
	}
	if p.Schema.Backfill {
		t.add(Backfilling, "give every old row its new shape", "every row verified", 0, p.Schema.back())
	}
	t.add(Starting, fmt.Sprintf("start %s of %s on %s", plural(p.newAt(0), "instance", "instances"), p.To.Version, p.To.Side),
		fmt.Sprintf("all ready, at most %s", Span(p.ReadyWithin)), 0, none)
	if p.WarmUp == nil {
		t.add(Warming, "all of them stay ready", Span(p.Settle), p.Settle, none)
	} else {
		t.add(Warming, "warm them up; all of them stay ready", "at most "+Span(p.WarmUp.Most)+", then "+Span(p.Settle), max(p.WarmUp.Least, p.Settle), none)
	}
	if what, least := p.tests(); what != "" {
		t.add(Testing, what+", before any traffic", "all pass", least, none)
	}
}

// tests says what the checks do, and how long they take at least.
func (p Plan) tests() (what string, least time.Duration) {
	var smoke, loads int
	var parts []string
	for _, c := range p.Checks {
		switch {
		case c.Load == nil:
			smoke++
			continue
		case c.Load.Baseline == nil || p.alone():
			loads++
		}
		least += c.Load.Least
	}
	if smoke > 0 {
		parts = append(parts, plural(smoke, "smoke check", "smoke checks")+" against each")
	}
	if loads > 0 {
		parts = append(parts, plural(loads, "load check", "load checks"))
	}
	if p.Compares() {
		parts = append(parts, "a comparison with "+p.From.Version)
	}
	return strings.Join(parts, ", "), least
}

// expands says how the schema gets to fit both versions.
func (s Schema) expands() string {
	if n := len(s.Native.Revisions); n > 0 {
		return fmt.Sprintf("run %s %s, which takes the database from %s to %s, a revision at a time", s.Native.Upgrade[0], plural(n, "time", "times"), orNothing(s.Native.From), s.Native.To)
	}
	if s.IsNative() {
		return fmt.Sprintf("run %s, which takes the database from %s to %s", s.Native.Upgrade[0], orNothing(s.Native.From), s.Native.To)
	}
	return "make the schema fit both versions"
}

func (s Schema) back() string {
	if s.Stays() {
		return "the schema stays as it is: nothing is given that undoes it"
	}
	return "the schema is put back"
}

func (t *timeline) traffic() {
	p := t.p
	back := func(step int) string {
		switch {
		case p.shadowOnly():
			return "nothing to undo: no traffic moves"
		case p.First():
			return "traffic is taken off; there is no older version"
		case p.Strategy == Restore:
			return "the database is put back, restart of " + p.From.Version
		case p.oldAt(step) < p.Replicas:
			return fmt.Sprintf("restart of %s, then traffic back", plural(p.Replicas-p.oldAt(step), "old instance", "old instances"))
		}
		return "traffic flip, about 1 s"
	}
	for i := range p.stepCount() {
		h := p.holdAt(i)
		what, ends := fmt.Sprintf("%s of the traffic to %s", p.weightAt(i), p.To.Version), p.ends(h)
		if sh := p.shadowAt(i); sh != nil {
			what, ends = fmt.Sprintf("%s to %s, which answers nobody", p.stepText(i), p.To.Version), sh.ends(h)
		}
		if p.Strategy == RollingUpdate && !p.First() {
			what = fmt.Sprintf("%d of %d instances replaced, %s", p.newAt(i), p.Replicas, what)
		}
		t.add(Shifting, what, ends, h.AtLeast, back(i))
	}
	if p.shadowOnly() {
		return
	}
	last := p.stepCount() - 1
	watch := "watch " + p.To.Version + " at full traffic"
	if p.heldBack() > None {
		watch = fmt.Sprintf("watch %s at %s of the traffic, beside %s", p.To.Version, All-p.heldBack(), p.From.Version)
	}
	t.add(Soaking, watch, p.ends(p.soakHold()), p.soakHold().AtLeast, back(last))
	if !p.First() && p.Standby > 0 {
		what := fmt.Sprintf("%s stays ready to take everything back", p.From.Version)
		if p.oldAt(last) == 0 {
			what = fmt.Sprintf("%s can be started again to take everything back", p.From.Version)
		}
		t.add(Standby, what, Span(p.Standby)+", or `cutover retire`", p.Standby, back(last))
	}
}

func (t *timeline) after() {
	p := t.p
	if p.shadowOnly() {
		t.add(Withdrawing, "stop "+p.To.Version, "nothing in flight", 0, "nothing to undo")
		t.add(Compared, "the differences are on record; "+p.From.Version+" stands", "", 0, "deploy another release")
		return
	}
	if !p.First() {
		t.add(Retiring, fmt.Sprintf("drain and stop %s", p.From.Version)+p.purges(), p.Drain.ends(), 0, "none: the point of no return")
	}
	if p.Schema.Contract {
		t.add(Contracting, "remove the old shape from the schema"+p.waiting(ActContract), "", 0, "none")
	}
	t.add(Done, p.To.Version+" stands", "", 0, "deploy another release")
}

// ends says what a hold of the plan ends by.
func (p Plan) ends(h Hold) string {
	if p.Pace == Adaptive && !p.First() {
		return "evidence, " + h.String()
	}
	return h.String()
}

// String says a hold in a few words.
func (h Hold) String() string {
	if h.AtLeast == 0 && h.AtLeastRequests == 0 {
		return "no hold"
	}
	s := "at least " + Span(h.AtLeast)
	if h.AtLeastRequests > 0 {
		s += fmt.Sprintf(" and %d requests", h.AtLeastRequests)
	}
	if h.AtMost > 0 {
		s += ", at most " + Span(h.AtMost)
	}
	return s
}
