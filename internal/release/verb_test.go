package release

import (
	"slices"
	"strings"
	"testing"
)

var verbs = []Verb{VerbNext, VerbPromote, VerbPause, VerbResume, VerbAbort, VerbRollback, VerbRetire}

// permitted says what a person may ask for in each phase: while the release
// goes on, and while it is halted.
var permitted = map[Phase][2]string{
	Planned:     {"promote pause abort rollback", "promote resume abort rollback"},
	Waiting:     {"promote pause abort rollback", "promote resume abort rollback"},
	Preflight:   {"promote pause abort rollback", "promote resume abort rollback"},
	Expanding:   {"promote pause abort rollback", "promote resume abort rollback"},
	Backfilling: {"promote pause abort rollback", "promote resume abort rollback"},
	Restoring:   {"promote pause abort rollback", "promote resume abort rollback"},
	Starting:    {"promote pause abort rollback", "promote resume abort rollback"},
	Warming:     {"promote pause abort rollback", "promote resume abort rollback"},
	Testing:     {"promote pause abort rollback", "promote resume abort rollback"},
	Shifting:    {"next promote pause abort rollback", "next promote resume abort rollback"},
	Soaking:     {"next promote pause rollback", "next promote resume rollback"},
	Standby:     {"pause rollback retire", "resume rollback retire"},
	Retiring:    {"pause", "next resume"},
	Contracting: {"pause", "resume"},
	Done:        {"", ""},
	Reverting:   {"", "next resume"},
	RolledBack:  {"", ""},
	Withdrawing: {"", "next resume"},
	Compared:    {"", ""},
}

func TestEveryPhasePermitsTheVerbsThatMakeSenseInIt(t *testing.T) {
	t.Parallel()
	for _, ph := range Phases() {
		for halted, want := range permitted[ph] {
			s := stateIn(shopPlan(Canary, 2), ph)
			if halted == 1 {
				if ph.Ended() {
					continue // ending clears a halt
				}
				s.Halt = &Halt{Kind: Paused}
			}
			for _, v := range verbs {
				err := s.Permits(v)
				if may := slices.Contains(strings.Fields(want), string(v)); may != (err == nil) {
					t.Errorf("%s, halted %d: %s is answered %v, want permitted %t", ph, halted, v, err, may)
				}
				if err != nil && (!strings.HasPrefix(err.Error(), "cannot "+string(v)+" release r2: ") || strings.HasSuffix(err.Error(), ": ")) {
					t.Errorf("%s: the refusal %q does not say what and why", ph, err)
				}
			}
		}
	}
	if len(permitted) != len(Phases()) {
		t.Errorf("%d of %d phases are tested", len(permitted), len(Phases()))
	}
}

func TestARefusalNamesTheVerbThatHelps(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		ph   Phase
		verb Verb
		want string
	}{
		{Standby, VerbAbort, "`cutover rollback` takes it back"},
		{Done, VerbRollback, "retired at 2026-03-02 12:00:00 UTC; deploy the old version as a new release"},
		{Shifting, VerbRetire, "it is not in standby: it is shifting (5%)"},
		{Soaking, VerbResume, "it is not paused"},
		{Shifting, "explode", `unknown verb "explode"`},
	} {
		if err := stateIn(shopPlan(Canary, 2), c.ph).Permits(c.verb); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s in %s is answered %v, want %q", c.verb, c.ph, err, c.want)
		}
	}
}

func TestWhatIsPermittedIsTakenInAndWhatHelpsIsPermitted(t *testing.T) {
	t.Parallel()
	for _, ph := range Phases() {
		s := stateIn(shopPlan(Canary, 2), ph)
		for _, h := range s.helps() {
			if s.Permits(h.Verb) != nil || h.Meaning == "" {
				t.Errorf("%s: %s is offered (%q)", ph, h.Verb, h.Meaning)
			}
		}
		for _, v := range verbs {
			if s.Permits(v) != nil {
				continue
			}
			after, err := Fold(s, Entry{Seq: 2, At: noon, Actor: "ann", Event: Requested{Verb: v}})
			if err != nil {
				t.Errorf("%s in %s: %v", v, ph, err)
			}
			if after.Halt == nil && !after.Next && !after.Promote && !after.Retire && after.Revert == "" && v != VerbResume {
				t.Errorf("%s in %s is permitted and changes nothing", v, ph)
			}
		}
	}
}
