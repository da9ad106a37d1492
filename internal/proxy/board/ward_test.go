package board

import (
	"fmt"
	"testing"
	"time"

	"cutover/internal/proxy/ledger"
	"cutover/internal/proxy/route"
	"cutover/internal/release"
)

var (
	refused  = Trouble{Reason: "refused", Unreached: true}
	answered = Trouble{Reason: "answered 502"}
	noon     = time.Unix(1_000_000, 0)
)

// sick is a board whose blue side has n endpoints, with exclusions exactly as
// long as they are meant to be.
func sick(t *testing.T, n int) (*Board, *arm) {
	t.Helper()
	b := New(&ledger.Book{})
	var ids []string
	for i := range n {
		ids = append(ids, fmt.Sprint("b", i+1))
	}
	publish(t, b, table(release.None, func(s *route.Service) { s.Route.Sides.Blue.Endpoints = endpoints(ids...) }))
	a := b.now.Load().services[0].sides.Of(release.Blue)
	a.ward.toss = func() float64 { return 0.5 }
	return b, a
}

// fail lets one request fail on e, whatever the choice would be.
func (a *arm) fail(e *Endpoint, now time.Time, t Trouble) { a.ward.failed(a.endpoints, e, now, t) }

// reach returns how many of n requests that stay in flight for no time get to
// each endpoint.
func reach(t *testing.T, b *Board, now time.Time, n int, repeatable bool) map[string]int {
	t.Helper()
	got := map[string]int{}
	for range n {
		c, refusal := b.Admit(listen, visit{path: "/"})
		if refusal != nil {
			t.Fatal(refusal.Reason)
		}
		got[c.Endpoint(now, repeatable).ID]++
		c.Close(ledger.End{Outcome: ledger.Answered, Status: 200})
	}
	return got
}

func TestAnEndpointThatTakesNoConnectionGetsNothingForAWhile(t *testing.T) {
	t.Parallel()
	b, a := sick(t, 2)
	a.fail(a.endpoints[0], noon, refused)
	if got := reach(t, b, noon.Add(firstPause-1), 10, true); got["b1"] != 0 {
		t.Errorf("got %v", got)
	}
	out := b.Excluded("shop", release.Blue)
	if len(out) != 1 || out[0].ID != "b1" || !out[0].Until.Equal(noon.Add(firstPause)) || out[0].Failures != 1 || out[0].Reason != "refused" {
		t.Errorf("excluded %+v", out)
	}
	if other := append(b.Excluded("shop", release.Green), b.Excluded("blog", release.Blue)...); len(other) != 0 {
		t.Errorf("others: %+v", other)
	}
}

func TestFailuresOfOtherKindsMustFollowOneAnother(t *testing.T) {
	t.Parallel()
	b, a := sick(t, 2)
	e := a.endpoints[0]
	for range tolerated - 1 {
		a.fail(e, noon, answered)
	}
	a.ward.recovered(e)
	for range tolerated - 1 {
		a.fail(e, noon, answered)
	}
	if out := b.Excluded("shop", release.Blue); len(out) != 0 {
		t.Fatalf("excluded after a success in between: %+v", out)
	}
	a.fail(e, noon, answered)
	if out := b.Excluded("shop", release.Blue); len(out) != 1 || out[0].Failures != tolerated {
		t.Errorf("excluded %+v", out)
	}
}

func TestAtMostHalfOfASideIsExcludedAndNeverTheLast(t *testing.T) {
	t.Parallel()
	for n := 1; n <= 7; n++ {
		b, a := sick(t, n)
		for _, e := range a.endpoints {
			a.fail(e, noon, refused)
		}
		if out := b.Excluded("shop", release.Blue); len(out) != n/2 {
			t.Errorf("%d of %d are excluded", len(out), n)
		}
	}
}

func TestASideThatShrinksTakesSickEndpointsBack(t *testing.T) {
	t.Parallel()
	b, a := sick(t, 4)
	a.fail(a.endpoints[0], noon, refused)
	a.fail(a.endpoints[1], noon.Add(time.Millisecond), refused)
	publish(t, b, table(release.None, func(s *route.Service) { s.Route.Sides.Blue.Endpoints = endpoints("b1", "b2") }))
	if out := b.Excluded("shop", release.Blue); len(out) != 1 || out[0].ID != "b2" {
		t.Errorf("excluded %+v, want the one with more time left", out)
	}
	publish(t, b, table(release.None, func(s *route.Service) { s.Route.Sides.Blue.Endpoints = endpoints("b2") }))
	if out := b.Excluded("shop", release.Blue); len(out) != 0 {
		t.Errorf("the last one is excluded: %+v", out)
	}
}

func TestWhatIsKnownOfAnEndpointSurvivesAChangeOfWeights(t *testing.T) {
	t.Parallel()
	b, a := sick(t, 2)
	a.fail(a.endpoints[0], noon, refused)
	publish(t, b, table(2500))
	if out := b.Excluded("shop", release.Blue); len(out) != 1 {
		t.Errorf("excluded %+v", out)
	}
}

func TestExclusionsGrowUpToALimitAndSuccessEndsThem(t *testing.T) {
	t.Parallel()
	b, a := sick(t, 2)
	e, now := a.endpoints[0], noon
	for _, want := range []time.Duration{1, 2, 4, 8, 16, 30, 30} {
		a.fail(e, now, answered)
		a.fail(e, now, refused) // the first time, "answered" alone would not do
		if got := time.Unix(0, e.until.Load()).Sub(now); got != want*time.Second {
			t.Errorf("excluded for %v, want %v", got, want*time.Second)
		}
		now = time.Unix(0, e.until.Load())
	}
	a.ward.recovered(e)
	if got := reach(t, b, now, 10, false); got["b1"] != 5 {
		t.Errorf("a recovered endpoint gets %v", got)
	}
	a.fail(e, now, refused)
	if got := time.Unix(0, e.until.Load()).Sub(now); got != firstPause {
		t.Errorf("after a recovery it is excluded for %v", got)
	}
}

func TestExclusionsAreSpreadByAQuarter(t *testing.T) {
	t.Parallel()
	for toss, want := range map[float64]time.Duration{0: 3 * time.Second, 0.5: 4 * time.Second, 0.999999999: 5 * time.Second} {
		w := &ward{toss: func() float64 { return toss }}
		if got := w.pause(3).Round(time.Millisecond); got != want {
			t.Errorf("toss %v: %v, want %v", toss, got, want)
		}
		if got := w.pause(60); got > longestPause {
			t.Errorf("toss %v: %v is beyond the limit", toss, got)
		}
	}
}

func TestASingleRequestTestsAnEndpointWhoseExclusionIsOver(t *testing.T) {
	t.Parallel()
	b, a := sick(t, 2)
	e := a.endpoints[0]
	a.fail(e, noon, refused)
	now := noon.Add(firstPause)
	tester := admit(t, b, visit{})
	if got := tester.Endpoint(now, true); got != e {
		t.Fatalf("the test went to %s", got.ID)
	}
	if got := reach(t, b, now, 10, true); got["b1"] != 0 {
		t.Errorf("others went with it: %v", got)
	}
	tester.Served()
	tester.Close(ledger.End{Outcome: ledger.Answered, Status: 200})
	if got := reach(t, b, now, 10, true); got["b1"] == 0 {
		t.Errorf("after the test was passed: %v", got)
	}
}

func TestATestThatFailsOrIsGivenUpLetsTheNextOneDecide(t *testing.T) {
	t.Parallel()
	b, a := sick(t, 2)
	e := a.endpoints[0]
	a.fail(e, noon, refused)
	now := noon.Add(firstPause)
	leaves, _ := b.Admit(listen, visit{path: "/"})
	leaves.Endpoint(now, true)
	leaves.Close(ledger.End{Outcome: ledger.ClientGone})
	fails := admit(t, b, visit{})
	if got := fails.Endpoint(now, true); got != e {
		t.Fatalf("after a test without a result the next went to %s", got.ID)
	}
	fails.Failed(now, answered)
	if got := fails.Endpoint(now, true); got == e {
		t.Error("the second try went to the same one")
	}
	if got := reach(t, b, now.Add(2*time.Second-1), 10, true); got["b1"] != 0 {
		t.Errorf("after a failed test: %v", got)
	}
	if got := reach(t, b, now.Add(2*time.Second), 1, true); got["b1"] != 1 {
		t.Errorf("after twice the time: %v", got)
	}
}

func TestARequestThatMustNotComeTwiceTestsNothingUnlessNobodyElseDoes(t *testing.T) {
	t.Parallel()
	b, a := sick(t, 2)
	a.fail(a.endpoints[0], noon, refused)
	over := noon.Add(firstPause)
	if got := reach(t, b, over.Add(patience), 10, false); got["b1"] != 0 {
		t.Errorf("got %v", got)
	}
	if got := reach(t, b, over.Add(patience+1), 1, false); got["b1"] != 1 {
		t.Errorf("after %v without a test: %v", patience, got)
	}
}
