package release

import (
	"fmt"
	"time"
)

// notice records what happened without having been ordered. It reports whether
// it found anything, so that the state can take it in first.
func (d *decider) notice() bool {
	if d.noticeClock() {
		return true
	}
	if ev := d.judged(); ev != nil {
		d.emit(ev)
		return true
	}
	return d.noticeSide(d.p.To.Side, d.needNew()) || d.noticeSide(d.p.From.Side, d.needOld()) || d.noticeCompanions()
}

// The verdict is recorded when that was last done an eighth of the time ago that
// the hold has lasted, within these bounds: what is lost with a controller stays
// small, and so does the journal, since a day takes some hundred records.
const (
	judgedLeast  = time.Second
	weighedLeast = 5 * time.Second
	weighedMost  = 15 * time.Minute
)

// judged returns the verdict as it is to be recorded: at once if it demands that
// something is done, else now and then as it changes and grows. Nil means not
// now.
func (d *decider) judged() Event {
	now, last := d.w.Verdict, d.s.Verdict
	if !d.s.Held || !d.s.Phase.carries() || now.Kind == Unknown {
		return nil
	}
	since, pause := d.w.Now.Sub(d.s.JudgedAt), min(d.w.Now.Sub(d.s.HeldAt)/8, weighedMost)
	switch {
	case now.Kind != last.Kind && (now.Kind.grave() || since >= max(pause, judgedLeast)):
		return Judged{Verdict: now, Reading: d.reading()}
	case now.Kind == last.Kind && (now.Requests != last.Requests || now.pairs() != last.pairs()) && since >= max(pause, weighedLeast):
		return Weighed{Verdict: now, Reading: d.reading()}
	}
	return nil
}

func (d *decider) noticeSide(side Side, need int) bool {
	in := d.w.Sides.Of(side)
	if !in.Known {
		return false
	}
	if in.Restarts() > *d.s.Restarts.Of(side) {
		d.emit(Noticed{What: Restarted, Side: side, Detail: lastWords(*in)})
		return true
	}
	since, ready := *d.s.DegradedAt.Of(side), in.Ready()
	switch {
	case ready < need && since.IsZero():
		d.emit(Noticed{What: Degraded, Side: side, Detail: fmt.Sprintf("%d of %d instances are ready: %s", ready, need, lastWords(*in))})
		return true
	case ready >= need && !since.IsZero():
		d.emit(Noticed{What: Recovered, Side: side, Detail: fmt.Sprintf("%d of %d instances are ready", ready, need)})
		return true
	}
	return false
}

// lastWords returns what the platform says of an instance that is not ready.
func lastWords(in Instances) string {
	for _, i := range in.List {
		if !i.Serves() && i.Detail != "" {
			return i.ID + ": " + i.Detail
		}
	}
	return "no detail known"
}

// needNew is how many new instances have been ready before and should still be.
func (d *decider) needNew() int {
	switch {
	case d.s.Phase == Warming || d.s.Phase == Testing:
		return d.p.newAt(0)
	case d.s.Phase == Shifting && (d.s.Held || d.s.Step == 0):
		return d.p.newAt(d.s.Step)
	case d.s.Phase == Shifting:
		return d.p.newAt(d.s.Step - 1)
	case d.s.Phase == Soaking || d.s.Phase == Standby:
		return d.p.Replicas
	}
	return 0
}

// needOld is how many old instances should be ready.
func (d *decider) needOld() int {
	switch {
	case d.p.First() || d.displaced() || d.s.NoReturn || d.s.Phase == Reverting:
		return 0
	case d.s.Phase == Shifting:
		return d.p.oldAt(d.s.Step)
	case d.s.Phase == Soaking || d.s.Phase == Standby:
		return d.p.oldAt(d.p.stepCount() - 1)
	}
	return d.p.Replicas
}

// mustRevert says why the release has to be taken back, or "" if it need not.
func (d *decider) mustRevert() string {
	if d.s.Revert != "" {
		return d.s.Revert
	}
	if why := d.broken(); why != "" && d.onFailure() == Rollback {
		return why
	}
	for _, t := range d.s.Tries {
		if t.Failures >= d.p.Tries.Most && (t.Kind != ActRoute && t.Kind != ActStop && t.Side != d.p.From.Side) {
			return fmt.Sprintf("%s failed %s: %s", t.Kind, plural(t.Failures, "time", "times"), t.Error)
		}
	}
	if r := d.s.Rehearsed; d.s.Phase == Preflight && r != nil && r.Impact == Unproven {
		return "the rehearsal " + r.sentence()
	}
	if d.s.Phase == Testing && d.s.Checked != nil && !d.s.Passed {
		return firstFailure(*d.p, d.s.Checked)
	}
	return ""
}

// mustPause halts a release in an outage of both versions, and one whose file
// asks for a pause instead of a rollback.
func (d *decider) mustPause() bool {
	if d.s.Halt != nil || d.s.Next || d.s.Retire {
		return false
	}
	if d.s.Phase.carries() && d.w.Verdict.Kind == BothFailing && !d.s.Promote {
		d.emit(Halted{Kind: Paused, Reason: d.w.Verdict.Reason,
			Cure: "`cutover resume` goes on when that is over, `cutover rollback` takes the release back all the same"})
		return true
	}
	if d.s.Phase.carries() && d.w.Verdict.Pauses != "" && !d.s.Promote {
		d.emit(Halted{Kind: Paused, Reason: d.w.Verdict.Pauses,
			Cure: "`cutover next` goes on in spite of it, `cutover resume` looks again, `cutover rollback` takes the release back"})
		return true
	}
	if d.onFailure() != Pause {
		return false
	}
	why := d.broken()
	if why == "" {
		return false
	}
	cure := "`cutover rollback` takes it back, `cutover resume` gives it more time"
	if d.s.Phase.carries() {
		cure += ", `cutover next` goes on in spite of it"
	}
	d.emit(Halted{Kind: Paused, Reason: why, Cure: cure})
	return true
}

func (d *decider) onFailure() OnFailure {
	f := d.p.Guard.OnFailure
	if d.p.Strategy == RollingUpdate {
		f = d.p.Rolling.OnFailure
	}
	if f == "" {
		return Rollback
	}
	return f
}

// verdictFailing begins the reason of a rollback by verdict.
const verdictFailing = "verdict failing: "

// broken says what is wrong with the new version, or "". Only what was really
// observed counts.
func (d *decider) broken() string {
	if d.s.Phase.carries() && d.w.Verdict.Kind == Failing {
		return verdictFailing + d.w.Verdict.Reason
	}
	if d.s.Phase.carries() && d.p.Schema.Expand && d.w.Schema.Known && !d.w.Schema.Expanded {
		return "the schema no longer fits both versions: " + d.w.Schema.Waits
	}
	in := d.new()
	if !in.Known || !d.s.Brought {
		return ""
	}
	if why := d.companionsBroken(); why != "" {
		return why
	}
	if d.p.Strategy == RollingUpdate && !d.p.First() {
		if why := d.tooManyFailed(); why != "" {
			return why
		}
	} else if r := in.Restarts() - d.s.Forgiven; r > d.p.Guard.MaxRestarts {
		return fmt.Sprintf("crash loop: instances of %s ended %s by themselves: %s", d.p.To.Version, plural(r, "time", "times"), lastWords(*in))
	}
	if d.s.Phase == Starting && d.inPhase() > d.p.ReadyWithin && in.Ready() < d.p.newAt(0) {
		return fmt.Sprintf("%d of %d instances of %s got ready within %s: %s", in.Ready(), d.p.newAt(0), d.p.To.Version, Span(d.p.ReadyWithin), lastWords(*in))
	}
	if d.s.Phase.watched() && in.Ready() == 0 {
		return fmt.Sprintf("no instance of %s is ready any more: %s", d.p.To.Version, lastWords(*in))
	}
	at := *d.s.DegradedAt.Of(d.p.To.Side)
	if d.s.Phase.watched() && !at.IsZero() && d.w.Now.Sub(at) > d.p.ReadyWithin {
		return fmt.Sprintf("%d of %d instances of %s stayed unready for %s: %s", in.Ready(), d.needNew(), d.p.To.Version, Span(d.p.ReadyWithin), lastWords(*in))
	}
	return ""
}

// tooManyFailed applies a rolling update's failure ratio: a new instance has
// failed if it ended by itself, or did not get ready within ReadyWithin.
func (d *decider) tooManyFailed() string {
	failed := 0
	for _, i := range d.new().List {
		late := !i.Serves() && !i.Since.IsZero() && d.w.Now.Sub(i.Since) > d.p.ReadyWithin
		loops := i.Restarts > d.p.Guard.MaxRestarts && d.new().Restarts() > d.s.Forgiven
		if loops || late {
			failed++
		}
	}
	if float64(failed)/float64(d.p.Replicas) <= d.p.Rolling.MaxFailureRatio {
		return ""
	}
	return fmt.Sprintf("%d of %d new instances failed, more than the share %g allowed: %s",
		failed, d.p.Replicas, d.p.Rolling.MaxFailureRatio, lastWords(*d.new()))
}

// firstFailure says which check failed, and by what it was seen.
func firstFailure(p Plan, results []CheckResult) string {
	for i, r := range results {
		if r.Passed {
			continue
		}
		kind := "smoke check"
		if i < len(p.Checks) && p.Checks[i].Load != nil {
			kind = "load check"
		}
		return kind + " failed: " + r.Name + ": " + r.Evidence
	}
	return ""
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
