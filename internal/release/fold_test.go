package release

import (
	"errors"
	"strings"
	"testing"
	"time"
)

type tomorrow struct{}

func (tomorrow) Name() string { return "tomorrow" }

func TestFoldRefusesWhatItDoesNotKnow(t *testing.T) {
	t.Parallel()
	s, err := folded(shopPlan(Canary, 2))
	if err != nil {
		t.Fatal(err)
	}
	for _, ev := range []Event{tomorrow{}, Allowed{Version: "v2"}, RecordedPlan{Plan: s.Plan}, nil} {
		after, err := Fold(s, Entry{Seq: 9, Event: ev})
		if !errors.Is(err, ErrUnknownEvent) || !strings.Contains(err.Error(), "record 9") {
			t.Errorf("%T is answered %v, want ErrUnknownEvent and record 9", ev, err)
		}
		if after.Phase != s.Phase {
			t.Errorf("%T moved it to %s", ev, after.Phase)
		}
	}
}

func TestAJournalBeginsWithAPlan(t *testing.T) {
	t.Parallel()
	for _, ev := range []Event{Entered{Phase: Done}, Ended{Outcome: Done}, Requested{Verb: VerbAbort}, tomorrow{}, nil} {
		s, err := Fold(State{}, Entry{Seq: 3, Event: ev})
		if err == nil || !strings.Contains(err.Error(), "record 3") || !strings.Contains(err.Error(), "begins with a plan") {
			t.Errorf("%T is answered %v", ev, err)
		}
		if s.Phase != "" {
			t.Errorf("%T began a release", ev)
		}
	}
}

func TestAPlanBeginsAReleaseWithASideToComeFrom(t *testing.T) {
	t.Parallel()
	p := shopPlan(Canary, 2)
	p.From = Target{}
	s, err := folded(p)
	if err != nil || s.Phase != Planned || s.Reason != "planned by ann" || !s.StartedAt.Equal(noon) || s.Plan.From.Side != Blue {
		t.Errorf("it began as %+v (%v)", s, err)
	}
}

func TestTheLedgerGoesOnWhenTheFrontStartsAnew(t *testing.T) {
	t.Parallel()
	at := func(epoch string, blue, green uint64) *Reading {
		return &Reading{Epoch: epoch, Sides: Sides[Counters]{Blue: Counters{Accepted: blue}, Green: Counters{Accepted: green}}}
	}
	s, err := folded(shopPlan(Canary, 2),
		Entered{Phase: Preflight, Reading: at("e1", 1000, 5)}, // where it begins, what was before does not count
		Entered{Phase: Starting, Reading: at("e1", 1100, 5)},
		Entered{Phase: Warming}, // the front could not be observed
		Reached{Phase: Shifting, Reading: *at("e2", 30, 7)},
		Entered{Phase: Soaking, Reading: at("e2", 40, 27)},
	)
	if err != nil {
		t.Fatal(err)
	}
	if s.Ledger.Blue.Accepted != 140 || s.Ledger.Green.Accepted != 27 {
		t.Errorf("the ledger has %d and %d, want 140 and 27", s.Ledger.Blue.Accepted, s.Ledger.Green.Accepted)
	}
	now := Traffic{Known: true, Epoch: "e2"}
	now.Sides.Green.Counters.Accepted, now.Sides.Blue.Counters.Accepted = 30, 40
	if got := s.LedgerAt(now); got.Green.Accepted != 30 || got.Blue.Accepted != 140 {
		t.Errorf("now it has %+v", got)
	}
	if got := s.LedgerAt(Traffic{}); got != s.Ledger {
		t.Errorf("with the front unseen it has %+v", got)
	}
}

func TestTheGrowthInAHoldIsUnknownOnceTheCountersStartAnew(t *testing.T) {
	t.Parallel()
	r := Reading{Epoch: "e1", Sides: Sides[Counters]{Green: Counters{Accepted: 10}}}
	s, err := folded(shopPlan(Canary, 2), Entered{Phase: Shifting}, Reached{Phase: Shifting, Reading: r})
	if err != nil {
		t.Fatal(err)
	}
	r.Sides.Green.Accepted = 25
	if got, ok := s.Count(r); !ok || got.Green.Accepted != 15 {
		t.Errorf("it grew by %d (%t), want 15", got.Green.Accepted, ok)
	}
	for _, epoch := range []string{"e2", ""} {
		r.Epoch = epoch
		if _, ok := s.Count(r); ok {
			t.Errorf("the growth into epoch %q is known", epoch)
		}
	}
}

func TestTriesCountFailuresInARowAndOnlyOfTheirKindAndSide(t *testing.T) {
	t.Parallel()
	fail := Finished{Kind: ActStart, Side: Green, Error: "no"}
	s, err := folded(shopPlan(Canary, 2), Entered{Phase: Starting}, fail, fail, Finished{Kind: ActStart, Side: Blue}, Finished{Kind: ActRoute, Error: "no"},
		Finished{Kind: ActStart, Side: Green, Canceled: true})
	if err != nil {
		t.Fatal(err)
	}
	if got := s.try(ActStart, Green, ""); got.Failures != 2 || got.Error != "no" || got.OK {
		t.Errorf("green's start has %+v, want two failures", got)
	}
	if got := s.try(ActStart, Blue, ""); got.Failures != 0 || !got.OK {
		t.Errorf("blue's start has %+v, want success", got)
	}
	s, _ = Fold(s, Entry{Seq: 9, At: noon, Event: Finished{Kind: ActStart, Side: Green}})
	if got := s.try(ActStart, Green, ""); got.Failures != 0 || got.Error != "" || !got.OK {
		t.Errorf("after a success it has %+v", got)
	}
	s, _ = Fold(s, Entry{Seq: 10, At: noon, Event: Entered{Phase: Warming}})
	if len(s.Tries) != 0 {
		t.Errorf("the next phase remembers %+v", s.Tries)
	}
}

func TestAnIntentIsPendingUntilItsResult(t *testing.T) {
	t.Parallel()
	intend := func(key string, k ActionKind, side Side) Intended {
		return Intended{Key: key, Action: Action{Kind: k, Side: side}}
	}
	s, err := folded(shopPlan(Canary, 2), intend("r2/2", ActStart, Blue), intend("r2/3", ActCheck, Green))
	if err != nil || len(s.Pending) != 2 || s.Brought {
		t.Fatalf("pending are %+v, brought %t (%v)", s.Pending, s.Brought, err)
	}
	s, err = folded(shopPlan(Canary, 2), intend("r2/2", ActStart, Green), Finished{Key: "r2/2", Kind: ActStart, Side: Green}, intend("r2/4", ActExpand, NoSide))
	if err != nil || len(s.Pending) != 1 || s.Pending[0].Key != "r2/4" || !s.Brought || !s.Expanded || s.Contracted {
		t.Errorf("it became %+v (%v)", s, err)
	}
}

func TestTheEvidenceOfChecksIsTheLastRuns(t *testing.T) {
	t.Parallel()
	run := func(passed bool) []Event {
		return []Event{Intended{Key: "k", Action: Action{Kind: ActCheck, Side: Green}},
			Finished{Key: "k", Kind: ActCheck, Side: Green, Checks: []CheckResult{{Name: "a", Passed: true}, {Name: "b", Passed: passed}}}}
	}
	for _, passed := range []bool{true, false} {
		s, err := folded(shopPlan(Canary, 2), append(run(!passed), run(passed)...)...)
		if err != nil || s.Passed != passed || len(s.Checked) != 2 {
			t.Errorf("passed %t, checked %v (%v), want %t", s.Passed, s.Checked, err, passed)
		}
	}
	s, err := folded(shopPlan(Canary, 2), append(run(true), run(true)[0])...)
	if err != nil || s.Passed || s.Checked != nil {
		t.Errorf("while they run again they passed %t (%v)", s.Passed, err)
	}
}

func TestResumeGivesWhateverWasWaitedForItsFullTimeAgain(t *testing.T) {
	t.Parallel()
	s := stateIn(shopPlan(Canary, 2), Soaking)
	s.Halt, s.Held, s.HeldAt = &Halt{Kind: Paused}, true, noon
	s.Tries = []Try{{Kind: ActRoute, Failures: 9}}
	s.Restarts.Green, s.DegradedAt.Green = 3, noon
	later := noon.Add(time.Hour)
	resume := Entry{Seq: 2, At: later, Actor: "ann", Event: Requested{Verb: VerbResume}}
	got, err := Fold(s, resume)
	if err != nil || got.Halt != nil || got.Tries != nil || got.Forgiven != 3 || !got.HeldAt.Equal(later) || !got.DegradedAt.Green.Equal(later) {
		t.Errorf("it resumed as %+v (%v)", got, err)
	}
	s.Verdict.Kind = Failing
	if got, _ = Fold(s, resume); got.Held {
		t.Error("a hold that was failing goes on where it was")
	}
	s = stateIn(shopPlan(Canary, 2), Starting)
	s.Halt = &Halt{Kind: Paused}
	if got, _ = Fold(s, resume); !got.EnteredAt.Equal(later) {
		t.Errorf("starting has its time from %s", got.EnteredAt)
	}
}

func TestSuccessEndsACallForHelpButNotAPause(t *testing.T) {
	t.Parallel()
	for kind, halted := range map[HaltKind]bool{NeedsHuman: false, Paused: true} {
		s, err := folded(shopPlan(Canary, 2), Halted{Kind: kind, Reason: "stop failed"}, Finished{Kind: ActStop, Side: Green})
		if err != nil || (s.Halt != nil) != halted {
			t.Errorf("%s: halted %t (%v), want %t", kind, s.Halt != nil, err, halted)
		}
	}
}

func TestThePointOfNoReturnIsOnRecordWithItsTime(t *testing.T) {
	t.Parallel()
	s, err := folded(shopPlan(Canary, 2), Entered{Phase: Standby}, Entered{Phase: Retiring})
	if err != nil || !s.NoReturn || !s.NoReturnAt.Equal(noon.Add(2*time.Second)) {
		t.Errorf("no return %t at %s (%v)", s.NoReturn, s.NoReturnAt, err)
	}
	s, _ = Fold(s, Entry{Seq: 9, Actor: "ann", Event: Requested{Verb: VerbRollback}})
	if s.Revert != "" {
		t.Error("a rollback beyond it was taken in")
	}
}

func TestGoingBackForgetsWhatWasAskedFor(t *testing.T) {
	t.Parallel()
	s, err := folded(shopPlan(Canary, 2), Requested{Verb: VerbPromote}, Halted{Kind: Paused}, Entered{Phase: Reverting, Reason: "verdict failing"})
	if err != nil || s.Promote || s.Halt != nil || s.Revert != "verdict failing" {
		t.Errorf("it goes back as %+v (%v)", s, err)
	}
}

func TestOnlyTheVerySameActionCountsAsARepetition(t *testing.T) {
	limits := Tries{Most: 5, Pause: time.Second, MaxPause: time.Minute}
	at := time.Unix(1_700_000_000, 0)
	route := func(w Weight) Action { return Action{Kind: ActRoute, Route: &Route{Salt: string(rune('a' + w%26))}} }
	ok := Finished{Kind: ActRoute}
	try := Try{}.after(ok, route(1), at, limits).after(ok, route(2), at.Add(time.Second), limits)
	if try.Repeats != 0 {
		t.Errorf("another route counts as a repetition: %d", try.Repeats)
	}
	if try = try.after(ok, route(2), at.Add(2*time.Second), limits); try.Repeats != 1 {
		t.Errorf("the same route again counts %d times, want 1", try.Repeats)
	}
	if try = try.after(ok, route(2), at.Add(time.Hour), limits); try.Repeats != 0 {
		t.Errorf("the same route much later counts %d times, want 0", try.Repeats)
	}
}
