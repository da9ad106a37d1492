package report

import (
	"strings"
	"testing"
	"time"

	"cutover/internal/release"
)

// noon is when the stories of these tests begin.
var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// story is what is on record of a release that is made up.
type story struct {
	plan    release.Plan
	entries []release.Entry
	at      time.Duration
	counted release.Reading
}

func begin(p release.Plan) *story {
	s := &story{plan: p, counted: release.Reading{Epoch: "e"}}
	s.counted.Sides.Blue = release.Counters{Accepted: 500, Answered: 498} // two are in flight
	return s.tell(0, "ann", release.RecordedPlan{Plan: p})
}

// tell records an event after some time.
func (s *story) tell(after time.Duration, who string, ev release.Event) *story {
	s.at += after
	s.entries = append(s.entries, release.Entry{Seq: int64(7 + 2*len(s.entries)), At: noon.Add(s.at), Actor: who, Event: ev})
	return s
}

// serve lets requests come in: so many to each side, and so many 5xx.
func (s *story) serve(blue, blueBad, green, greenBad uint64) *story {
	s.counted.Sides.Blue = s.counted.Sides.Blue.Plus(release.Counters{Accepted: blue, Answered: blue, Errors: blueBad})
	s.counted.Sides.Green = s.counted.Sides.Green.Plus(release.Counters{Accepted: green, Answered: green, Errors: greenBad})
	return s
}

func (s *story) reading() *release.Reading {
	r := s.counted
	return &r
}

func (s *story) enter(after time.Duration, ph release.Phase, step int, why string) *story {
	return s.tell(after, "engine", release.Entered{Phase: ph, Step: step, Reason: why, Reading: s.reading()})
}

func (s *story) reach(after time.Duration, ph release.Phase, step int) *story {
	return s.tell(after, "engine", release.Reached{Phase: ph, Step: step, Reading: *s.reading()})
}

// do carries an action out.
func (s *story) do(a release.Action, result release.Finished, took time.Duration) *story {
	key := s.plan.Release + "/" + string(rune('a'+len(s.entries)))
	s.tell(0, "engine", release.Intended{Key: key, Action: a})
	result.Key, result.Kind, result.Side, result.Took = key, a.Kind, a.Side, took
	return s.tell(took, "engine", result)
}

func (s *story) route(green release.Weight) *story {
	r := release.Route{}
	r.Sides.Green.Weight, r.Sides.Blue.Weight = green, release.All-green
	return s.do(release.Action{Kind: release.ActRoute, Route: &r}, release.Finished{}, 30*time.Millisecond)
}

// compared is evidence by what has been counted.
func (s *story) compared(against, forward float64, most time.Duration) *release.Evidence {
	b, g := s.counted.Sides.Blue, s.counted.Sides.Green
	return &release.Evidence{Against: against, AgainstNeeded: 1000, For: forward, ForNeeded: 20, Signals: []release.SignalEvidence{
		{Signal: "errors", Old: release.Observed{Requests: float64(b.Accepted), Bad: float64(b.Errors)},
			New: release.Observed{Requests: float64(g.Accepted), Bad: float64(g.Errors)}, Against: against, For: forward, Part: 1},
		{Signal: "latency", Old: release.Observed{Requests: float64(b.Accepted), Half: 80 * time.Millisecond, Most: 320 * time.Millisecond},
			New: release.Observed{Requests: float64(g.Accepted), Half: 90 * time.Millisecond, Most: most}, Against: 0.4, For: 1},
	}}
}

func (s *story) weigh(after time.Duration, against, forward float64, most time.Duration) *story {
	v := release.Verdict{Kind: release.NotEnough, Reason: "no answer yet", Evidence: s.compared(against, forward, most)}
	return s.tell(after, "engine", release.Weighed{Verdict: v, Reading: s.reading()})
}

func canary() release.Plan {
	return release.Plan{Release: "shop-v2", App: "shop", Author: "ann", Strategy: release.Canary, Replicas: 2,
		From:   release.Target{Version: "v1", Side: release.Blue, Digest: "d1"},
		To:     release.Target{Version: "v2", Side: release.Green, Digest: "d2"},
		Steps:  []release.Step{{Weight: release.Percent(5)}, {Weight: release.Percent(25)}, {Weight: release.All}},
		Schema: release.Schema{Expand: true, Backfill: true, Contract: true}, Tries: release.Tries{Most: 3}}
}

// takenBack is a canary that does well at 5 % and badly at 25 %.
func takenBack() *story {
	old, fresh := 41.0, 44.5
	s := begin(canary())
	s.enter(time.Second, release.Preflight, 0, "its time has come")
	s.do(release.Action{Kind: release.ActRehearse}, release.Finished{Rehearsed: &release.Rehearsed{Impact: release.NeedsCare,
		Reasons: []string{"users would wait 2s for items"}, Took: 40 * time.Second, Expected: 90 * time.Second}}, 40*time.Second)
	s.tell(0, "engine", release.Halted{Kind: release.Paused, Reason: "the rehearsal says: needs care: users would wait 2s for items", Cure: "`cutover next` approves"})
	s.tell(time.Minute, "bob", release.Requested{Verb: release.VerbNext, Reason: "it is night"})
	s.do(release.Action{Kind: release.ActBackup}, release.Finished{Saved: &release.Saved{Name: "shop-1", SHA256: "abc", Bytes: 123456, Rows: 4560, Verified: true}}, 3*time.Second)
	s.enter(0, release.Expanding, 0, "the backup is there").do(release.Action{Kind: release.ActExpand}, release.Finished{}, 200*time.Millisecond)
	s.enter(0, release.Backfilling, 0, "expanded")
	s.tell(5*time.Second, "engine", release.Progressed{Progress: release.Progress{Table: "items", Done: 90, Total: 90, Rows: 4560}})
	s.enter(time.Second, release.Testing, 0, "all rows have their new shape")
	s.do(release.Action{Kind: release.ActCheck, Side: release.Green}, release.Finished{Checks: []release.CheckResult{
		{Name: "GET /health", Passed: true, Attempts: 1, Took: 3 * time.Millisecond, Evidence: "200 in 2ms"},
		{Name: "pages", Passed: true, Attempts: 1, Took: 30 * time.Second, Evidence: "1,000 page loads", Concern: "p99 is 1.1 times as long",
			Figures: []release.Figure{{Metric: "p99", Value: 44, Beside: 40, Ratio: 1.1, Low: 1.02, High: 1.19}}}}}, 31*time.Second)
	s.enter(0, release.Shifting, 0, "all checks passed").route(release.Percent(5)).reach(time.Second, release.Shifting, 0)
	for k := range 8 {
		s.serve(950, 2, 50, 0).weigh(10*time.Second, 1+float64(k)/4, float64(1+k*2), 330*time.Millisecond)
	}
	s.tell(time.Second, "engine", release.Judged{Reading: s.reading(), Verdict: release.Verdict{Kind: release.Healthy, Reason: "enough", Evidence: s.compared(3, 21, 331*time.Millisecond)}})
	s.enter(0, release.Shifting, 1, "step 1 held: enough").route(release.Percent(25)).reach(time.Second, release.Shifting, 1)
	for k := range 6 {
		s.serve(750, 2, 250, uint64(2*k)).weigh(10*time.Second, []float64{2, 4, 20, 90, 300, 900}[k], 1, 500*time.Millisecond)
	}
	s.serve(75, 0, 25, 9)
	s.tell(time.Second, "engine", release.Judged{Reading: s.reading(), Verdict: release.Verdict{Kind: release.Failing, Requests: 240,
		Reason: "green 12 errors in 240 requests, blue 9 in 4,560; evidence 1,840 of 1,000 needed", Evidence: s.compared(1840, 0.2, 700*time.Millisecond),
		Signals: []release.SignalFinding{{Name: "connections", Role: "guard", Verdict: "fine", Reason: "44.5 of at most 100", Old: &old, New: &fresh}}}})
	s.enter(0, release.Reverting, 0, "verdict failing: green 12 errors in 240 requests, blue 9 in 4,560; evidence 1,840 of 1,000 needed")
	s.route(release.None).do(release.Action{Kind: release.ActRevertSchema}, release.Finished{}, time.Second)
	s.do(release.Action{Kind: release.ActStop, Side: release.Green, Instances: []string{"g1", "g2"}}, release.Finished{Error: "g2 does not end"}, time.Second)
	s.do(release.Action{Kind: release.ActStop, Side: release.Green, Instances: []string{"g1", "g2"}}, release.Finished{}, time.Second)
	ledger := release.Sides[release.Counters]{Blue: s.counted.Sides.Blue, Green: s.counted.Sides.Green}
	ledger.Blue.Accepted, ledger.Blue.Answered = ledger.Blue.Accepted-500, ledger.Blue.Answered-496
	ledger.Green.Accepted, ledger.Green.ClientGone, ledger.Green.Lost = ledger.Green.Accepted+3, 2, 1
	return s.tell(time.Second, "engine", release.Ended{Outcome: release.RolledBack, Rejected: true, Ledger: ledger,
		Reason: "verdict failing: green 12 errors in 240 requests, blue 9 in 4,560; evidence 1,840 of 1,000 needed"})
}

// shadowed is a release under way whose answers are compared.
func shadowed() *story {
	p := canary()
	p.Release, p.Strategy, p.Schema = "shop-v2-shadow", release.ShadowOnly, release.Schema{}
	p.Steps = []release.Step{{Shadow: &release.Shadow{Share: release.Percent(50), Samples: 500}}}
	s := begin(p)
	s.enter(time.Second, release.Shifting, 0, "all checks passed").reach(time.Second, release.Shifting, 0)
	s.serve(400, 1, 0, 0)
	c := &release.Comparison{Samples: 320, Differing: 14, Endpoints: 3, Thin: 1, Differences: []release.Difference{
		{Endpoint: "GET /items/{id}", Path: "$.price", Kind: "missing", Was: "number", Is: "nothing", Count: 14, Of: 210, P: 0.00001, Alarm: true},
		{Endpoint: "GET /", Path: "latency", Kind: "slower", Was: "a", Is: "b", Count: 30, Noise: 4, Of: 90, P: 0.001, Alarm: true, Advisory: true}}}
	return s.tell(20*time.Second, "engine", release.Weighed{Reading: s.reading(),
		Verdict: release.Verdict{Kind: release.NotEnough, Reason: c.String(), Requests: 320, Comparison: c}})
}

func gathered(t *testing.T, s *story) Report {
	t.Helper()
	first, last := s.entries[0].Seq, s.entries[len(s.entries)-1].Seq
	r, err := Gather(s.entries, Range{First: Place{first, strings.Repeat("a", 64)}, Last: Place{last, strings.Repeat("b", 64)}, Whole: true})
	if err != nil {
		t.Fatal(err)
	}
	return r
}
