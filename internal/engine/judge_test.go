package engine

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"cutover/internal/release"
)

// trial is a release whose users a test moves. v2 comes in on green.
type trial struct {
	t     *testing.T
	j     *judge
	state release.State
	at    time.Time
	epoch string
	users release.Sides[release.Experience]
}

// newTrial is a canary at a quarter of the traffic, with a minute of v1 alone
// behind it.
func newTrial(t *testing.T) *trial {
	tr := &trial{t: t, at: time.Unix(1_700_000_000, 0).UTC(), epoch: "e1"}
	p := canary("r1", release.Target{Version: "v1", Side: release.Blue}, "v2")
	p.Guard.FalseAlarms, p.Guard.Slower, p.Guard.Outage = 0.001, 0.05, 0.02
	tr.state = release.State{Plan: p, Phase: release.Testing}
	tr.j = newJudge(tr.state)
	tr.pass(60, of{100, 0}, of{0, 0})
	tr.state.Phase = release.Shifting
	return tr
}

// of is what a side does in a second.
type of struct{ requests, bad uint64 }

// pass lets seconds pass and returns the last verdict.
func (tr *trial) pass(seconds int, blue, green of) release.Verdict {
	var v release.Verdict
	for range seconds {
		tr.at = tr.at.Add(time.Second)
		use(&tr.users.Blue, blue.requests, blue.bad, 20*time.Millisecond)
		use(&tr.users.Green, green.requests, green.bad, 20*time.Millisecond)
		v = tr.look(true)
	}
	return v
}

func (tr *trial) world(known bool) release.World {
	w := release.World{Now: tr.at, Traffic: release.Traffic{Known: known, Epoch: tr.epoch}}
	w.Traffic.Sides.Blue.Users, w.Traffic.Sides.Green.Users = tr.users.Blue, tr.users.Green
	if tr.state.Phase == release.Shifting {
		w.Traffic.Sides.Green.Weight = release.Percent(25)
	}
	if tr.state.Phase == release.Standby {
		w.Traffic.Sides.Green.Weight = release.All
	}
	w.Traffic.Sides.Blue.Weight = release.All - w.Traffic.Sides.Green.Weight
	return w
}

func (tr *trial) look(known bool) release.Verdict {
	w := tr.world(known)
	tr.j.look(tr.state, w)
	return tr.j.verdict(tr.state, w)
}

func (tr *trial) wants(got release.Verdict, want release.VerdictKind, words ...string) {
	tr.t.Helper()
	if got.Kind != want {
		tr.t.Errorf("the verdict is %q (%s), want %q", got.Kind, got.Reason, want)
	}
	for _, w := range words {
		if !strings.Contains(got.Reason, w) {
			tr.t.Errorf("the reason %q lacks %q", got.Reason, w)
		}
	}
}

func TestAVersionWithFewErrorsIsHealthyOnceThereIsEvidence(t *testing.T) {
	t.Parallel()
	tr := newTrial(t)
	tr.wants(tr.pass(2, of{75, 0}, of{25, 0}), release.NotEnough, "more good requests of green")
	v := tr.pass(5, of{75, 1}, of{25, 0})
	tr.wants(v, release.Healthy, "green 0 errors in 150 requests, blue 5 in")
	if v.Requests != 150 || v.Evidence == nil || len(v.Evidence.Signals) != 2 || v.Evidence.For < v.Evidence.ForNeeded {
		t.Errorf("it rests on %d requests and %+v", v.Requests, v.Evidence)
	}
}

func TestAWorseVersionFailsAndThatStands(t *testing.T) {
	t.Parallel()
	tr := newTrial(t)
	tr.wants(tr.pass(5, of{75, 0}, of{25, 2}), release.Failing, "errors in", "evidence", "of 1,000 needed")
	tr.wants(tr.pass(60, of{75, 0}, of{25, 0}), release.Failing)
}

func TestAFewErrorsHoldTheReleaseWithoutTakingItBack(t *testing.T) {
	t.Parallel()
	tr := newTrial(t)
	tr.pass(10, of{75, 0}, of{25, 0})
	tr.wants(tr.pass(1, of{75, 0}, of{25, 4}), release.NotEnough, "of 1,000 needed")
}

func TestAnOutageOfBothVersionsIsAVerdictOfItsOwn(t *testing.T) {
	t.Parallel()
	tr := newTrial(t)
	tr.pass(5, of{75, 0}, of{25, 0})
	tr.wants(tr.pass(20, of{75, 30}, of{25, 10}), release.BothFailing, "both versions have too many errors", "going back would not help")
	if v := tr.pass(300, of{75, 0}, of{25, 0}); v.Kind == release.BothFailing || v.Kind == release.Failing {
		t.Errorf("after the outage: %q: %s", v.Kind, v.Reason)
	}
}

func TestASlowerVersionFails(t *testing.T) {
	t.Parallel()
	tr := newTrial(t)
	for range 40 {
		tr.at = tr.at.Add(time.Second)
		use(&tr.users.Blue, 75, 0, 20*time.Millisecond)
		use(&tr.users.Green, 25, 0, 40*time.Millisecond)
		if tr.look(true).Kind == release.Failing {
			break
		}
	}
	tr.wants(tr.look(true), release.Failing, "latency: green half within")
}

func TestTimesBelowTheLeastAreNotTold(t *testing.T) {
	t.Parallel()
	tr := newTrial(t)
	for range 60 {
		tr.at = tr.at.Add(time.Second)
		use(&tr.users.Blue, 75, 0, time.Millisecond)
		use(&tr.users.Green, 25, 0, 3*time.Millisecond)
	}
	if v := tr.look(true); v.Kind == release.Failing {
		t.Errorf("%s", v.Reason)
	}
}

func TestMissingDataIsUnknownAndTheTestGoesOnAfterwards(t *testing.T) {
	t.Parallel()
	tr := newTrial(t)
	tr.pass(3, of{75, 0}, of{25, 0})
	tr.wants(tr.look(false), release.Unknown, "the front cannot be observed")
	tr.wants(tr.pass(4, of{75, 0}, of{25, 0}), release.Healthy, "in 150 requests")
	tr.epoch, tr.users = "e2", release.Sides[release.Experience]{}
	tr.wants(tr.pass(1, of{75, 0}, of{25, 0}), release.Unknown, "the counters started anew")
	tr.wants(tr.pass(3, of{75, 0}, of{25, 0}), release.Healthy, "in 225 requests")
}

func TestWithoutARequestThereIsNotEnoughEvidenceAndThatIsSaid(t *testing.T) {
	t.Parallel()
	tr := newTrial(t)
	tr.wants(tr.pass(600, of{0, 0}, of{0, 0}), release.NotEnough, "green has had no requests")
}

func TestStandbyIsWatchedAgainstTheOldVersionsRecord(t *testing.T) {
	t.Parallel()
	tr := newTrial(t)
	tr.pass(10, of{75, 0}, of{25, 0})
	tr.state.Phase = release.Standby
	tr.wants(tr.pass(60, of{0, 0}, of{100, 0}), release.Healthy, "compared with what blue did before")
	tr.wants(tr.pass(30, of{0, 0}, of{100, 5}), release.Failing)
}

func TestAVersionThatFailsTheFewClientsItHasCollapses(t *testing.T) {
	t.Parallel()
	tr := newTrial(t)
	tr.pass(1, of{10, 0}, of{0, 0})
	// Two clients who fail again and again, each counted once.
	tr.wants(tr.pass(1, of{10, 0}, of{3, 2}), release.NotEnough)
	for range 10 {
		tr.at = tr.at.Add(time.Second)
		use(&tr.users.Blue, 10, 0, 20*time.Millisecond)
		u := &tr.users.Green
		u.Requests, u.Bad, u.Clients, u.BadNow = u.Requests+4, u.Bad+3, 3, 2
		tr.look(true)
	}
	tr.wants(tr.look(true), release.Failing, "2 of 3 clients of green fail in the last seconds")
}

// The old version's clients of the last ten seconds are mostly from before the
// outage, when the new one, which has just come, had none.
func TestAnOutageThatBeginsRightAfterTheNewVersionIsNoCollapseOfIt(t *testing.T) {
	t.Parallel()
	tr := newTrial(t)
	tr.pass(1, of{100, 0}, of{8, 0})
	tr.at = tr.at.Add(2 * time.Second)
	use(&tr.users.Blue, 200, 100, 20*time.Millisecond)
	use(&tr.users.Green, 16, 13, 20*time.Millisecond)
	tr.users.Blue.Clients, tr.users.Blue.BadNow = 500, 90
	tr.users.Green.Clients, tr.users.Green.BadNow = 20, 13
	if v := tr.look(true); v.Kind == release.Failing {
		t.Errorf("it is taken back: %s", v.Reason)
	}
}

func TestOneClientAmongManyThatRetriesDoesNotFailAVersion(t *testing.T) {
	t.Parallel()
	tr := newTrial(t)
	for range 600 {
		tr.at = tr.at.Add(time.Second)
		use(&tr.users.Blue, 75, 0, 20*time.Millisecond)
		use(&tr.users.Green, 25, 0, 20*time.Millisecond)
		u := &tr.users.Green // the one client fails forty times a second
		u.Requests, u.Bad, u.BadNow = u.Requests+40, u.Bad+40, 1
		if tr.at.Second() == 0 && tr.at.Minute()%10 == 0 {
			u.BadClients++
		}
		if v := tr.look(true); v.Kind == release.Failing {
			t.Fatalf("%s", v.Reason)
		}
	}
}

func TestTheComparisonComesBackFromTheRecordAsItWas(t *testing.T) {
	t.Parallel()
	tr := newTrial(t)
	tr.pass(20, of{75, 1}, of{25, 1})
	ev, ok := tr.j.sign(release.Judged{}).(release.Judged)
	if !ok || len(ev.Test) == 0 {
		t.Fatal("the verdict goes on record without the comparison")
	}
	if n := len(ev.Test); n > 8<<10 {
		t.Errorf("a record of the comparison has %d bytes", n)
	}
	tr.state.Test = ev.Test
	again := newJudge(tr.state)
	other := &trial{t: t, j: again, state: tr.state, at: tr.at, epoch: tr.epoch, users: tr.users}
	if a, b := tr.pass(10, of{75, 1}, of{25, 1}), other.pass(10, of{75, 1}, of{25, 1}); !reflect.DeepEqual(a, b) {
		t.Errorf("the verdicts differ:\n%+v\n%+v", a, b)
	}
}

func TestARecordThatCannotBeReadBeginsAnewAndSaysSo(t *testing.T) {
	t.Parallel()
	tr := newTrial(t)
	for _, kept := range []string{`{"form":2}`, `{"form":"x"}`} {
		tr.state.Test = release.Sealed(kept)
		if j := newJudge(tr.state); j.lost == "" || j.test.Test.Looks != 0 {
			t.Errorf("%s: %q", kept, j.lost)
		}
	}
}

func TestWhoeverOverrulesTheVerdictGetsAnotherComparison(t *testing.T) {
	t.Parallel()
	tr := newTrial(t)
	tr.wants(tr.pass(10, of{75, 0}, of{25, 5}), release.Failing)
	tr.state.Trial++
	tr.wants(tr.j.verdict(tr.state, tr.world(true)), release.Unknown)
	tr.j = newJudge(tr.state)
	tr.wants(tr.pass(1, of{75, 0}, of{25, 0}), release.Unknown, "only a beginning")
	tr.wants(tr.pass(1, of{75, 0}, of{25, 0}), release.NotEnough)
}

func TestAFirstReleaseIsComparedWithNothing(t *testing.T) {
	t.Parallel()
	tr := newTrial(t)
	tr.state.Plan.From.Version = ""
	tr.wants(tr.pass(1, of{0, 0}, of{100, 50}), release.NotEnough, "nothing to compare with")
}

func TestTheSettingsOfEveryPlanAreSound(t *testing.T) {
	t.Parallel()
	p := canary("r1", release.Target{Version: "v1", Side: release.Blue}, "v2")
	for _, g := range []release.Guard{
		{}, {FalseAlarms: 0.001}, {FalseAlarms: 0.2, Slower: 1, WarmUp: time.Minute, Outage: 0.5, Margin: 0.05},
		{FalseAlarms: 0.01, Slower: release.AnySlower},
	} {
		p.Guard = g
		c := settingsOf(p)
		if err := c.Check(); err != nil {
			t.Errorf("%+v: %v", g, err)
		}
		if compared := len(c.Signals) == 2; compared == (g.Slower == release.AnySlower) {
			t.Errorf("%+v compares %d signals", g, len(c.Signals))
		}
	}
}
