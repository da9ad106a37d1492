package release

import (
	"fmt"
	"slices"
	"strings"
)

// Violation says which invariant a decision would break, and how.
type Violation struct {
	Invariant string
	Detail    string
}

func (v Violation) Error() string { return v.Invariant + ": " + v.Detail }

// CheckActions tests what is about to be done against the invariants that can
// be seen at that moment: I1, I2, I3 and I9. before is the state the decision
// was made in and w the world it was made for.
func CheckActions(before State, w World, actions []Action) []Violation {
	vs := checkPool(before, w, actions)
	for _, a := range actions {
		switch a.Kind {
		case ActRoute:
			vs = append(vs, checkRoute(before, w, *a.Route)...)
		case ActStart:
			vs = append(vs, checkCompanionStart(before, w, a)...)
		case ActStop:
			if a.Component != "" {
				vs = append(vs, checkCompanionStop(before, a)...)
				continue
			}
			vs = append(vs, checkStop(before, w, a)...)
		case ActExpand:
			if before.Plan.Backup.Wanted() && before.Saved == nil {
				vs = append(vs, Violation{"I2", "the schema is changed before the backup is taken"})
			}
			vs = append(vs, checkRehearsed(before)...)
		case ActExchange, ActExchangeBack:
			vs = append(vs, checkExchange(w)...)
		case ActPurgeCache:
			vs = append(vs, checkPurge(before, w, a)...)
		case ActContract:
			vs = append(vs, checkContract(before, w)...)
		case ActRevertSchema:
			if before.Contracted {
				vs = append(vs, Violation{"I2", "revert of a schema that was contracted"})
			}
			if t := w.Traffic.Sides.Of(before.Plan.To.Side); t.Weight > None {
				vs = append(vs, Violation{"I1", "the schema is reverted under a version that has traffic"})
			}
			vs = append(vs, checkNoneLeft(before, w, "the schema is reverted under", Companion.new)...)
		}
	}
	return vs
}

// checkRehearsed is I2 for a change that is to be tried first.
func checkRehearsed(s State) []Violation {
	switch r := s.Rehearsed; {
	case !s.Plan.Rehearsal.Wanted():
		return nil
	case r == nil:
		return []Violation{{"I2", "the schema is changed before the change is rehearsed"}}
	case r.Impact == Unproven || r.Impact.Worse(s.Plan.Rehearsal.Allow) && s.Approved == "":
		return []Violation{{"I2", "the schema is changed although the rehearsal found it " + string(r.Impact) + " and nobody approved"}}
	}
	return nil
}

// checkRoute is I1: traffic only to ready instances of a fitting version.
func checkRoute(s State, w World, r Route) []Violation {
	var vs []Violation
	for _, side := range []Side{Blue, Green} {
		sr := r.Sides.Of(side)
		if sr.Weight > None && len(sr.Endpoints) == 0 {
			vs = append(vs, Violation{"I1", fmt.Sprintf("%s of traffic to %s, which has no endpoint", sr.Weight, side)})
		}
		for _, e := range sr.Endpoints {
			if !slices.ContainsFunc(w.Sides.Of(side).List, func(i Instance) bool { return i.ID == e.ID && i.Serves() }) {
				vs = append(vs, Violation{"I1", fmt.Sprintf("endpoint %s of %s is not ready", e.ID, side)})
			}
		}
	}
	if t := r.Sides.Of(s.Plan.To.Side); t.Weight > None && s.Plan.Schema.Expand && s.Phase != Reverting && !w.Schema.Expanded && w.Schema.Known {
		vs = append(vs, Violation{"I1", "traffic to a version whose schema is not there"})
	}
	if held := s.Plan.heldBack(); (s.Phase == Shifting || s.Phase == Soaking) && len(r.Sides.Of(s.Plan.From.Side).Endpoints) > 0 &&
		r.Sides.Of(s.Plan.From.Side).Weight < held {
		vs = append(vs, Violation{"I8", fmt.Sprintf("less than the holdback of %s is left to compare with", held)})
	}
	vs = append(vs, checkShadow(s, r)...)
	if t := r.Sides.Of(s.Plan.From.Side); t.Weight > None && s.Contracted {
		vs = append(vs, Violation{"I1", "traffic to a version whose schema is gone"})
	}
	if s.Plan.Strategy == Restore && w.Restore.Known {
		if t := r.Sides.Of(s.Plan.From.Side); t.Weight > None && w.Restore.Exchanged {
			vs = append(vs, Violation{"I1", "traffic to a version whose database was replaced"})
		}
		if t := r.Sides.Of(s.Plan.To.Side); t.Weight > None && !w.Restore.Exchanged {
			vs = append(vs, Violation{"I1", "traffic to a version whose database is not there"})
		}
	}
	if t := r.Sides.Of(s.Plan.To.Side); t.Weight > None && s.Plan.tested() && !s.Passed && s.Phase != Done {
		vs = append(vs, Violation{"I1", "traffic to a version whose checks have not passed"})
	}
	return vs
}

// checkStop is I2 and I9: nothing is stopped that may still be needed, and
// nothing that the front was not seen to have left alone.
func checkStop(s State, w World, a Action) []Violation {
	var vs []Violation
	if !w.Traffic.Known {
		vs = append(vs, Violation{"I9", "instances are stopped while the front is not observed"})
	}
	for _, side := range []Side{Blue, Green} {
		for _, e := range w.Traffic.Sides.Of(side).Endpoints {
			if slices.Contains(a.Instances, e.ID) {
				vs = append(vs, Violation{"I9", "instance " + e.ID + " is stopped while the front still has it"})
			}
		}
	}
	vs = append(vs, checkDrained(s, w, a)...)
	if a.Side != s.Plan.From.Side || s.NoReturn {
		return vs
	}
	if s.Plan.Strategy == Restore && s.Phase == Restoring {
		if !w.Restore.Prepared && !w.Restore.Exchanged {
			vs = append(vs, Violation{"I2", "the old side is stopped before the backup is restored beside its database"})
		}
		return vs
	}
	if s.Plan.Strategy != RollingUpdate {
		return append(vs, Violation{"I2", "the old side is stopped before the point of no return"})
	}
	if left := readyWithout(w, a.Instances); left < s.Plan.Replicas-s.Plan.Rolling.Parallelism {
		vs = append(vs, Violation{"I2", fmt.Sprintf("a batch would leave %d ready instances", left)})
	}
	return vs
}

// checkDrained is I7 for a plan that waits for work in flight: nothing is
// stopped that has some, unless somebody asked for it.
func checkDrained(s State, w World, a Action) []Violation {
	if s.Plan.Drain.OnTimeout != DrainWait || s.Next || s.Phase == Preflight {
		return nil
	}
	if requests, streams := w.Traffic.Sides.Of(a.Side).inFlight(a.Instances); requests+streams > 0 {
		return []Violation{{"I7", leftWords(requests, streams) + " in flight on what is stopped, although the plan waits for them"}}
	}
	return nil
}

// checkExchange is I2 for a database that is replaced: whatever still runs
// could write to the wrong one.
func checkExchange(w World) []Violation {
	var vs []Violation
	for _, side := range []Side{Blue, Green} {
		if in := w.Sides.Of(side); !in.Known || len(in.List) > 0 {
			vs = append(vs, Violation{"I2", "the database is replaced while " + string(side) + " may still use it"})
		}
	}
	if len(w.Companions.List) > 0 {
		vs = append(vs, Violation{"I2", "the database is replaced while " + w.Companions.List[0].ID + " may still use it"})
	}
	return vs
}

// readyWithout returns how many instances of both sides would still be ready
// if the named ones were stopped.
func readyWithout(w World, gone []string) int {
	n := 0
	for _, list := range [][]Instance{w.Sides.Blue.List, w.Sides.Green.List} {
		for _, i := range list {
			if i.Serves() && !slices.Contains(gone, i.ID) {
				n++
			}
		}
	}
	return n
}

// checkContract is I2 for the schema.
func checkContract(s State, w World) []Violation {
	var vs []Violation
	if !s.NoReturn {
		vs = append(vs, Violation{"I2", "contract before the point of no return"})
	}
	if old := w.Sides.Of(s.Plan.From.Side); !old.Known || len(old.List) > 0 {
		vs = append(vs, Violation{"I2", "contract while the old version may still run"})
	}
	vs = append(vs, checkNoneLeft(s, w, "contract under", Companion.old)...)
	return vs
}

// CheckEvent tests a transition: I3 (no phase without a way back unless the
// point of no return is on record), I8 (missing data neither promotes nor
// rolls back) and that retiring needs a standby that was asked for.
func CheckEvent(before State, w World, e Event) []Violation {
	w.Verdict = before.Weigh(w)
	en, ok := e.(Entered)
	if !ok {
		return nil
	}
	var vs []Violation
	vs = append(vs, checkComparison(before, w, en)...)
	vs = append(vs, checkCacheSeen(before, w, en)...)
	forward := before.Phase.carries() && (en.Phase == Shifting || en.Phase == Soaking || en.Phase == Standby || en.Phase == Retiring)
	asked := before.Next || before.Promote || before.Retire
	if forward && !w.Traffic.Known {
		vs = append(vs, Violation{"I8", "promotion without having observed the front"})
	}
	if forward && !asked && before.Phase != Standby {
		h := before.Plan.soakHold()
		if before.Phase == Shifting {
			h = before.Plan.holdAt(before.Step)
		}
		vs = append(vs, checkVerdict(before.Plan, h, w.Verdict)...)
		vs = append(vs, checkStandIn(before.Plan, w.Verdict)...)
		growth, _ := before.Count(w.Traffic.Reading())
		if got := max(int(growth.Of(before.Plan.To.Side).Accepted), before.Plan.standIn(w.Verdict)); got < h.AtLeastRequests {
			vs = append(vs, Violation{"I8", fmt.Sprintf("promotion after %d of %d requests", got, h.AtLeastRequests)})
		}
	}
	if en.Phase == Reverting && before.Revert == "" && strings.HasPrefix(en.Reason, verdictFailing) && w.Verdict.Kind != Failing {
		vs = append(vs, Violation{"I8", fmt.Sprintf("taken back by a verdict that is %q", w.Verdict.Kind)})
	}
	if forward && before.Halt != nil {
		vs = append(vs, Violation{"I8", "promotion while halted"})
	}
	if en.Phase == Reverting && (before.NoReturn || before.Phase.Ended()) {
		vs = append(vs, Violation{"I3", "revert after the point of no return"})
	}
	if before.Phase == Preflight && w.Unread != "" && (en.Phase == Expanding || en.Phase == Starting) {
		vs = append(vs, Violation{"I8", "begun without knowing how things were before: " + w.Unread})
	}
	if en.Phase == Retiring && !before.Plan.First() && before.Plan.Standby > 0 && before.Phase != Standby {
		vs = append(vs, Violation{"I3", "retired without standby"})
	}
	if en.Phase == Retiring && before.Phase == Standby && !before.Retire && w.Now.Sub(before.EnteredAt) < before.Plan.Standby {
		vs = append(vs, Violation{"I3", "retired before standby was over"})
	}
	return vs
}

// checkVerdict is I8 for a hold that ends by itself.
func checkVerdict(p Plan, h Hold, v Verdict) []Violation {
	k := v.Kind
	switch {
	case v.Holds != "":
		return []Violation{{"I8", "promotion in spite of: " + v.Holds}}
	case k == Unknown:
		return []Violation{{"I8", "promotion on missing data"}}
	case k.grave():
		return []Violation{{"I8", "promotion although the verdict is " + string(k)}}
	case p.needsEvidence(h) && k != Healthy:
		return []Violation{{"I8", "promotion without evidence"}}
	}
	return nil
}

// CheckEnd is I6: after a rollback the world is as before the release, and I7:
// nothing was lost that was accepted.
func CheckEnd(s State, w World) []Violation {
	vs := checkPoolEnd(s)
	if s.Phase != RolledBack && s.Phase != Compared {
		return vs
	}
	if n := len(w.Sides.Of(s.Plan.To.Side).List); n > 0 {
		vs = append(vs, Violation{"I6", fmt.Sprintf("%d instances of the rejected version are left", n)})
	}
	vs = append(vs, checkCompanionsBack(s, w)...)
	if w.Schema.Expanded && s.Plan.Schema.Expand && !s.Plan.Schema.Stays() {
		vs = append(vs, Violation{"I6", "the schema is not as before"})
	}
	if w.Restore.Exchanged {
		vs = append(vs, Violation{"I6", "the database is not the one before"})
	}
	if t := w.Traffic.Sides.Of(s.Plan.To.Side); t.Weight > None || len(t.Endpoints) > 0 {
		vs = append(vs, Violation{"I6", "the front still knows the rejected version"})
	}
	return vs
}

// CheckLedger is I7 for one side: every accepted request is accounted for.
func CheckLedger(c Counters, inFlight int) []Violation {
	if c.Accepted == c.Answered+c.ClientGone+c.Lost+uint64(inFlight) {
		return nil
	}
	return []Violation{{"I7", fmt.Sprintf("accepted %d is not answered %d + client gone %d + lost %d + in flight %d",
		c.Accepted, c.Answered, c.ClientGone, c.Lost, inFlight)}}
}

// CheckHistory is I4 and I5 over the journal of one release: every result
// follows its intent, keys are never used twice, and the order is unbroken.
func CheckHistory(entries []Entry) []Violation {
	var vs []Violation
	open, seen := map[string]bool{}, map[string]bool{}
	last := int64(0)
	for _, e := range entries {
		if e.Seq <= last {
			vs = append(vs, Violation{"I4", fmt.Sprintf("record %d after record %d", e.Seq, last)})
		}
		last = e.Seq
		switch ev := e.Event.(type) {
		case Intended:
			if seen[ev.Key] {
				vs = append(vs, Violation{"I5", "intent " + ev.Key + " is recorded twice"})
			}
			seen[ev.Key], open[ev.Key] = true, true
		case Finished:
			if !open[ev.Key] {
				vs = append(vs, Violation{"I5", "result " + ev.Key + " without an intent"})
			}
			delete(open, ev.Key)
		}
	}
	return vs
}
