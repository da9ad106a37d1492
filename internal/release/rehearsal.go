package release

import (
	"slices"
	"time"
)

// Impact is what a rehearsal says of a change, for the version that serves.
type Impact string

// The impacts, from the good to the bad.
const (
	// Compatible: it ran, nothing that old code uses is taken away, and no
	// lock would be noticed.
	Compatible Impact = "compatible"
	// NeedsCare: it depends on what old code writes, or users would wait.
	NeedsCare Impact = "needs care"
	// Destructive: it takes away what old code uses or what people wrote.
	Destructive Impact = "destructive"
	// Unproven: it did not run to its end.
	Unproven Impact = "failed"
)

var impacts = []Impact{Compatible, NeedsCare, Destructive, Unproven}

// Worse reports whether i is worse than o. An impact that is none of those
// above is worse than all, and none at all allows only Compatible.
func (i Impact) Worse(o Impact) bool {
	if o == "" {
		o = Compatible
	}
	at := slices.Index(impacts, i)
	return at < 0 || at > slices.Index(impacts, o)
}

// Rehearsal says that the schema change is tried on a clone first, and what it
// may turn out to do without a person having to look.
type Rehearsal struct {
	// Before is the phase that does not begin without it; empty is none.
	Before Phase `json:"before,omitempty"`
	// Allow is the worst impact that is taken; empty is Compatible. Reason
	// says why anything worse than that is.
	Allow  Impact `json:"allow,omitempty"`
	Reason string `json:"reason,omitempty"`
}

// Wanted reports whether there is to be one.
func (r Rehearsal) Wanted() bool { return r.Before != "" }

// Rehearsed is what is known of a rehearsal that was made.
type Rehearsed struct {
	Impact Impact `json:"impact"`
	// Reasons are the worst of what it rests on, a short sentence each.
	Reasons []string `json:"reasons,omitempty"`
	// Took is how long the rehearsal lasted, Expected how long the change may
	// take in the database in use.
	Took     time.Duration `json:"took"`
	Expected time.Duration `json:"expected"`
}

// barred says whether the release stands before its change because of what the
// rehearsal found, and nobody has approved of that.
func (s State) barred() bool {
	return s.Phase == Preflight && s.Rehearsed != nil && s.Approved == "" && s.Rehearsed.Impact.Worse(s.Plan.Rehearsal.Allow)
}

// rehearsing makes sure that the change was tried, and found to be as harmless
// as the plan demands. It reports whether the release may go on.
func (d *decider) rehearsing() bool {
	if !d.p.Rehearsal.Wanted() {
		return true
	}
	switch {
	case d.s.Rehearsed == nil:
		d.want(Action{Kind: ActRehearse})
	case !d.s.barred():
		return true
	case d.s.toApprove():
		d.wait("%s: %s", d.s.Halt.Kind, d.s.Halt.Reason)
	default:
		// Somebody may have paused it before: what they are asked now is another
		// thing.
		d.emit(Halted{Kind: Paused, Reason: d.s.Rehearsed.question(),
			Cure: "`cutover next` approves of it and goes on, `cutover resume` rehearses again, `cutover rollback` gives up"})
	}
	return false
}

// toApprove reports whether the release has halted to ask for the approval of
// what its rehearsal found.
func (s State) toApprove() bool {
	return s.barred() && s.Halt != nil && s.Halt.Reason == s.Rehearsed.question()
}

// question is the reason of the halt that asks for an approval.
func (r Rehearsed) question() string { return "the rehearsal says: " + r.sentence() }

// sentence says the impact with its first reason.
func (r Rehearsed) sentence() string {
	text := string(r.Impact)
	if len(r.Reasons) > 0 {
		text += ": " + r.Reasons[0]
	}
	if n := len(r.Reasons) - 1; n > 0 {
		text += " (and " + plural(n, "more reason", "more reasons") + ")"
	}
	return text
}
