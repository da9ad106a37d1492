package soaktest

import (
	"testing"
	"time"

	"cutover/internal/demo/load"
	"cutover/internal/demo/sample"
	"cutover/internal/release"
	"cutover/internal/testkit/fault"
)

// The soak's own judges must be able to say no: these tests plant what they
// are there to find.

var noon = time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)

// at is a moment, in seconds after noon.
func at(seconds float64) time.Time { return noon.Add(time.Duration(seconds * float64(time.Second))) }

// hit is a blow of ten seconds, or, for a kill, one overcome ten seconds later.
func hit(lane, name, victim string, lasts time.Duration) blow {
	return blow{kind: kind{Kind: fault.Kind{Name: name, Lane: lane, Least: lasts, Most: lasts}}, victim: victim, from: at(0), until: at(10), recovered: at(10)}
}

func TestALostRequestIsExcusedOnlyByTheFaultThatItWasInside(t *testing.T) {
	t.Parallel()
	killed, frozen := hit(instanceLane, "kill", "blue-1", 0), hit(instanceLane, "freeze", "blue-1", time.Second)
	lying, dark := hit(instanceLane, string(fault.FailsUsers), "blue-1", time.Second), hit(frontLane, "kill", "", 0)
	stalled, disk := hit(frontLane, "freeze", "", time.Second), hit(machineLane, "disk full", "", time.Second)
	for _, c := range []struct {
		what       string
		blow       blow
		sent, done float64
		reason     load.Reason
		took       []string
		want       string
	}{
		{"inside when it was killed", killed, -1, 0.1, load.CutAnswer, []string{"blue-1"}, instanceLane},
		{"not read yet when it was killed", killed, -0.01, 0.1, load.ByProxy, nil, instanceLane},
		{"inside another one", killed, -1, 0.1, load.CutAnswer, []string{"blue-2"}, ""},
		{"sent long after the kill", killed, 1, 2, load.ByProxy, nil, ""},
		{"over before the kill", killed, -2, -1, load.CutAnswer, []string{"blue-1"}, ""},
		{"no connection to the data plane", killed, -1, 0.1, load.NoConnection, nil, ""},
		{"inside one that stood still and was killed for it", frozen, 5, 14, load.CutAnswer, []string{"blue-1"}, instanceLane},
		{"long after it went on", frozen, 11, 12, load.CutAnswer, []string{"blue-1"}, ""},
		{"inside one that only lies", lying, 1, 2, load.CutAnswer, []string{"blue-1"}, ""},
		{"never read by one that hangs, but reads", hit(instanceLane, string(fault.Hangs), "blue-1", time.Second), 1, 2, load.CutAnswer, nil, ""},
		{"read by one that hangs", hit(instanceLane, string(fault.Hangs), "blue-1", time.Second), 1, 2, load.CutAnswer, []string{"blue-1"}, instanceLane},
		{"while there was no data plane", dark, 4, 4.1, load.NoConnection, nil, frontLane},
		{"a 503 of the new data plane", dark, 4, 12, load.ByProxy, nil, ""},
		{"after it was back", dark, 11, 12, load.NoConnection, nil, ""},
		{"while it stood still", stalled, 1, 2, load.CutAnswer, []string{"blue-1"}, ""},
		{"while the disk was full", disk, 1, 2, load.ByProxy, nil, ""},
	} {
		o := load.Outcome{Sent: at(c.sent), Done: at(c.done), Reason: c.reason, Fate: load.Lost}
		if got := excuse(o, c.took, []blow{c.blow}); got != c.want {
			t.Errorf("%s: excused by %q, want %q", c.what, got, c.want)
		}
	}
}

func TestARecordThatBreaksARuleIsFound(t *testing.T) {
	t.Parallel()
	plan := release.Plan{Release: "r", From: release.Target{Version: "v1", Side: release.Blue}, To: release.Target{Version: "v2", Side: release.Green}}
	under := release.State{Plan: plan, Phase: release.Shifting}
	failing, gone := under, under
	failing.Verdict.Kind, gone.NoReturn, gone.Contracted = release.Failing, true, true
	stop := func(side release.Side) release.Event {
		return release.Intended{Action: release.Action{Kind: release.ActStop, Side: side}}
	}
	for _, c := range []struct {
		before release.State
		event  release.Event
		stands release.Standing
		want   string
	}{
		{under, stop(release.Blue), release.Standing{}, "I2"},
		{under, stop(release.Green), release.Standing{}, ""},
		{gone, stop(release.Blue), release.Standing{}, ""},
		{under, release.Intended{Action: release.Action{Kind: release.ActContract}}, release.Standing{}, "I2"},
		{gone, release.Intended{Action: release.Action{Kind: release.ActRevertSchema}}, release.Standing{}, "I2"},
		{under, release.Entered{Phase: release.Done}, release.Standing{}, "I3"},
		{gone, release.Entered{Phase: release.Reverting}, release.Standing{}, "I3"},
		{gone, release.Ended{Outcome: release.RolledBack}, release.Standing{}, "I3"},
		{failing, release.Entered{Phase: release.Standby}, release.Standing{}, "I8"},
		{under, release.Entered{Phase: release.Standby}, release.Standing{}, ""},
		{release.State{}, release.RecordedPlan{Plan: plan}, release.Standing{Active: "other"}, "I4"},
	} {
		got := ""
		for _, v := range checkRecord(c.stands, c.before, c.before, release.Entry{Event: c.event}) {
			got += v.Invariant
		}
		if got != c.want {
			t.Errorf("%T %+v: found %q, want %q", c.event, c.event, got, c.want)
		}
	}
}

// silent is a stage without anything on it.
func silent(t *testing.T) *stage { return &stage{diary: &diary{t: t, began: time.Now()}} }

func TestAPostThatWasTakenTwiceAndAnAnswerFromNowhereAreFound(t *testing.T) {
	t.Parallel()
	s := silent(t)
	u := &users{stage: s, answered: map[string]answer{"get": {load.GetKind, 200}, "post": {load.PostKind, 201}, "none": {load.GetKind, 200}, "refused": {load.GetKind, 500}}}
	entries := []sample.Entry{{ID: "get", Method: "GET", Instance: "a"}, {ID: "get", Method: "GET", Instance: "b"},
		{ID: "post", Method: "POST", Instance: "a"}, {ID: "post", Method: "POST", Instance: "b"}}
	var a account
	s.exactlyOnce(u, entries, map[string][]string{"get": {"a", "b"}, "post": {"a", "b"}}, &a)
	if got := len(s.trouble()); got != 3 || a.twice != 2 {
		t.Errorf("%d troubles and %d taken twice, want 3 (the POST by either entry, the answer in no log) and 2: %q", got, a.twice, s.trouble())
	}
}

func TestWhatGrowsIsFoundAndWhatDoesNotIsNot(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		of   func(n int) size
		want int
	}{
		"flat, with peaks":   {func(n int) size { return size{rss: 40_000 + n%7*1000, fds: 80 + n%5} }, 0},
		"memory leaks":       {func(n int) size { return size{rss: 40_000 + n*200, fds: 80} }, 1},
		"descriptors leak":   {func(n int) size { return size{rss: 40_000, fds: 80 + n/3} }, 1},
		"grows at the start": {func(n int) size { return size{rss: 10_000 + min(n, 40)*1000, fds: 20 + min(n, 40)} }, 0},
	} {
		w := &witness{stage: silent(t), sizes: map[string][]size{}}
		for n := range 200 {
			w.sizes[name] = append(w.sizes[name], c.of(n))
		}
		if w.flat(); len(w.trouble()) != c.want {
			t.Errorf("%s: %q", name, w.trouble())
		}
	}
}
