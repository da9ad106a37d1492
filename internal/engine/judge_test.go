package engine

import (
	"testing"
	"time"

	"cutover/internal/release"
)

// trial is a hold whose counters a test turns.
type trial struct {
	j     judge
	state release.State
	at    time.Time
	epoch string
	count release.Sides[release.Counters]
}

// newTrial begins a hold at zero; v2 comes in on green and needs 20 requests.
func newTrial() *trial {
	tr := &trial{at: time.Unix(1_700_000_000, 0), epoch: "e1"}
	tr.state = release.State{Plan: canary("r1", release.Target{Version: "v1", Side: release.Blue}, "v2"), Phase: release.Shifting}
	tr.hold()
	return tr
}

// hold begins a hold with the counters as they are.
func (tr *trial) hold() {
	tr.state.Held, tr.state.HeldAt = true, tr.at
	tr.state.Base = release.Reading{Epoch: tr.epoch, Sides: tr.count}
}

// pass lets seconds pass, each with requests on both sides, of which so many
// fail on the new one, and returns the last verdict.
func (tr *trial) pass(seconds, requests, failing int) release.Verdict {
	var v release.Verdict
	for range seconds {
		tr.at = tr.at.Add(time.Second)
		tr.count.Blue.Accepted += uint64(requests)
		tr.count.Green.Accepted += uint64(requests)
		tr.count.Green.Errors += uint64(failing)
		v = tr.look(true)
	}
	return v
}

func (tr *trial) look(known bool) release.Verdict {
	w := release.World{Now: tr.at, Traffic: release.Traffic{Known: known, Epoch: tr.epoch}}
	w.Traffic.Sides.Blue.Counters, w.Traffic.Sides.Green.Counters = tr.count.Blue, tr.count.Green
	return tr.j.verdict(tr.state, w)
}

func (tr *trial) wants(t *testing.T, got release.Verdict, want release.VerdictKind) {
	t.Helper()
	if got.Kind != want {
		t.Errorf("the verdict is %q (%s), want %q", got.Kind, got.Reason, want)
	}
}

func TestTheVerdictNeedsEnoughRequests(t *testing.T) {
	t.Parallel()
	tr := newTrial()
	tr.wants(t, tr.pass(1, 19, 19), release.NotEnough)
	tr.wants(t, tr.pass(1, 1, 1), release.Failing)
}

func TestAHoldWithFewErrorsIsHealthy(t *testing.T) {
	t.Parallel()
	tr := newTrial()
	v := tr.pass(10, 100, 1)
	tr.wants(t, v, release.Healthy)
	if v.Requests != 1000 || v.Reason == "" {
		t.Errorf("it rests on %d requests because %q", v.Requests, v.Reason)
	}
}

func TestALongGoodTimeDoesNotHideABadPresent(t *testing.T) {
	t.Parallel()
	tr := newTrial()
	tr.wants(t, tr.pass(600, 100, 0), release.Healthy)
	// Half of the requests fail for ten seconds: 0.8 % of the hold's.
	tr.wants(t, tr.pass(10, 100, 50), release.Failing)
	// The window forgets them again.
	tr.wants(t, tr.pass(35, 100, 0), release.Healthy)
}

func TestTheWindowKeepsFewReadings(t *testing.T) {
	t.Parallel()
	tr := newTrial()
	for range 5 * 600 { // five looks a second
		tr.at = tr.at.Add(200 * time.Millisecond)
		tr.count.Green.Accepted += 10
		tr.look(true)
	}
	if n := len(tr.j.recent); n < 29 || n > 32 {
		t.Errorf("it keeps %d readings for a window of %s", n, recentSpan)
	}
	if oldest := tr.at.Sub(tr.j.recent[0].at); oldest > recentSpan {
		t.Errorf("the oldest is %s old", oldest)
	}
}

func TestANewHoldBeginsANewWindow(t *testing.T) {
	t.Parallel()
	tr := newTrial()
	tr.wants(t, tr.pass(5, 100, 50), release.Failing)
	tr.state.Held = false
	tr.wants(t, tr.look(true), release.Unknown)
	tr.hold()
	tr.wants(t, tr.pass(5, 100, 0), release.Healthy)
}

func TestMissingDataIsUnknown(t *testing.T) {
	t.Parallel()
	tr := newTrial()
	tr.wants(t, tr.pass(5, 100, 0), release.Healthy)
	tr.wants(t, tr.look(false), release.Unknown)
	tr.wants(t, tr.pass(1, 100, 0), release.Healthy)
}

func TestCountersThatBeganAnewAreUnknownUntilTheHoldDoesToo(t *testing.T) {
	t.Parallel()
	tr := newTrial()
	tr.wants(t, tr.pass(5, 100, 0), release.Healthy)
	tr.epoch, tr.count = "e2", release.Sides[release.Counters]{}
	tr.wants(t, tr.pass(5, 100, 50), release.Unknown)
	tr.hold()
	tr.wants(t, tr.look(true), release.NotEnough)
	tr.wants(t, tr.pass(5, 100, 0), release.Healthy)
}

func TestAnOldSideWithoutTrafficIsJudgedByItsRecord(t *testing.T) {
	t.Parallel()
	tr := newTrial()
	// At full traffic the old side gets nothing; before, it failed as often.
	tr.state.Ledger.Blue = release.Counters{Accepted: 1000, Errors: 100}
	tr.count.Green = release.Counters{Accepted: 100, Errors: 11}
	tr.at = tr.at.Add(time.Second)
	tr.wants(t, tr.look(true), release.Healthy)
	tr.state.Ledger.Blue.Errors = 0
	tr.wants(t, tr.look(true), release.Failing)
}

func TestALostRequestCountsAsAnError(t *testing.T) {
	t.Parallel()
	if got := tally(release.Counters{Accepted: 10, Errors: 2, Lost: 3}); got.Errors != 3 || got.Requests != 10 {
		t.Errorf("it counts as %+v", got)
	}
	if got := tally(release.Counters{Accepted: 10, Errors: 4, Lost: 3}); got.Errors != 4 {
		t.Errorf("it counts as %+v", got)
	}
}
