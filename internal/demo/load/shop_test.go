package load_test

import (
	"path/filepath"
	"testing"
	"time"

	"cutover/internal/demo/load"
	"cutover/internal/demo/sample"
	"cutover/internal/testkit"
)

func TestEveryRequestHasOneFateAndOneLineInTheLogOfTheApp(t *testing.T) {
	t.Parallel()
	log := filepath.Join(t.TempDir(), "requests.log")
	p, url := startShop(t, "v1", "SAMPLE_REQUEST_LOG="+log)
	seen := &witness{}
	c := start(t, load.Options{
		URL: url, Rate: 300, PostShare: 0.2, Connections: 16, Anonymous: 0.25, Observe: seen.see,
		Slow: 3, SlowFor: 100 * time.Millisecond, Events: 1, Sockets: 1, Aborts: 3, AbortEvery: 50 * time.Millisecond,
	})
	testkit.Await(t, "400 answers, three aborts and both streams", func() bool {
		r := c.Snapshot()
		return r.Requests.Answered >= 400 && r.Requests.ClientGone == 3 && r.Streams.Opened == 2
	})
	r := stop(t, c)
	if r.Requests.Lost != 0 || r.Requests.ClientGone != 3 || r.Mismatched != 0 {
		t.Errorf("requests %+v, lost by %v, mismatched %d", r.Requests, r.LostBy, r.Mismatched)
	}
	if r.Streams != (load.Streams{Opened: 2, EndedByClient: 2}) {
		t.Errorf("streams %+v", r.Streams)
	}
	if v := r.Versions["v1"]; v.Requests != r.Requests.Answered || v.P50 <= 0 || v.P99 < v.P50 || v.Max < v.P99 || v.LastSent.Before(v.FirstSent) {
		t.Errorf("v1: %+v", v)
	}
	p.Term()
	p.ExitCode()
	mustBeLoggedOnce(t, log, seen.outcomes(), r)
}

// mustBeLoggedOnce checks that the app had each request once, and no other.
func mustBeLoggedOnce(t *testing.T, log string, outcomes []load.Outcome, r load.Report) {
	t.Helper()
	entries, err := sample.ReadRequestLog(log)
	if err != nil {
		t.Fatal(err)
	}
	times := map[string]int{}
	for _, e := range entries {
		times[e.ID]++
	}
	kinds := map[load.Kind]int{}
	for _, o := range outcomes {
		kinds[o.Kind]++
		if times[o.ID] != 1 {
			t.Errorf("%s request %s is in the log %d times", o.Kind, o.ID, times[o.ID])
		}
	}
	if want := r.Counters().Accepted; uint64(len(entries)) != want {
		t.Errorf("the log has %d entries, the client counts %d", len(entries), want)
	}
	for _, k := range []load.Kind{load.GetKind, load.PostKind, load.SlowKind, load.AbortKind} {
		if kinds[k] == 0 {
			t.Errorf("there was no %s request", k)
		}
	}
}

func TestAGracefulEndOfTheAppCutsNoStreamAndNoRequestInFlight(t *testing.T) {
	t.Parallel()
	p, url := startShop(t, "v1")
	seen := &witness{}
	c := start(t, load.Options{URL: url, Events: 3, Sockets: 3, Slow: 4, SlowFor: 500 * time.Millisecond, Observe: seen.see})
	testkit.Await(t, "six streams and four slow answers", func() bool {
		r := c.Snapshot()
		return r.Streams.Open() == 6 && r.Requests.Answered >= 4
	})
	p.Term()
	if code := p.ExitCode(); code != 0 {
		t.Fatalf("the app exited with %d:\n%s", code, p.Output())
	}
	testkit.Await(t, "the end of six streams", func() bool { return c.Snapshot().Streams.Open() == 0 })
	r := stop(t, c)
	if r.Streams != (load.Streams{Opened: 6, EndedCleanly: 6}) {
		t.Errorf("streams %+v, want six clean ends", r.Streams)
	}
	for _, o := range seen.outcomes() {
		if o.Fate == load.Lost && o.Reason == load.CutAnswer {
			t.Errorf("an answer was cut: %+v", o)
		}
	}
}

func TestAKilledAppLosesWhatWasInFlightAndCutsTheStreams(t *testing.T) {
	t.Parallel()
	p, url := startShop(t, "v1")
	c := start(t, load.Options{
		URL: url, Rate: 50, PostShare: 0.5, Connections: 4, Events: 2, Sockets: 2, Slow: 3, SlowFor: 30 * time.Second,
	})
	testkit.Await(t, "four streams, some answers and three slow requests under way", func() bool {
		r := c.Snapshot()
		return r.Streams.Open() == 4 && r.Requests.Answered >= 10 && r.Requests.InFlight() >= 3
	})
	p.Kill()
	testkit.Await(t, "the loss of them", func() bool {
		r := c.Snapshot()
		return r.Streams.Cut == 4 && r.LostBy[load.NoAnswer] >= 3 && r.LostBy[load.NoConnection] > 0
	})
	if r := stop(t, c); r.Streams != (load.Streams{Opened: 4, Cut: 4}) {
		t.Errorf("streams %+v, want all four cut", r.Streams)
	}
}

func TestTheErrorsOfTheThirdVersionAreCountedToTheLast(t *testing.T) {
	t.Parallel()
	_, url := startShop(t, "v3")
	seen := &witness{}
	c := start(t, load.Options{URL: url, Rate: 800, PostShare: 0.3, Observe: seen.see})
	testkit.Await(t, "2000 answers", func() bool { return c.Snapshot().Requests.Answered >= 2000 })
	r := stop(t, c)
	var want uint64
	for _, o := range seen.outcomes() {
		if sample.Fails(sample.BehaviourOf("v3").FailShare, o.ID) {
			want++
		}
	}
	v := r.Versions["v3"]
	if v.Errors5xx != want || r.Status[5] != want || r.Counters().Errors != want {
		t.Errorf("%d errors of v3, %d of all, want %d", v.Errors5xx, r.Status[5], want)
	}
	// Five standard deviations of 2000 draws at 5 % are 2.4 %.
	if share := float64(want) / float64(v.Requests); share < 0.025 || share > 0.075 {
		t.Errorf("a share of %.3f failed, want about 0.05", share)
	}
	if r.Requests.Lost != 0 {
		t.Errorf("lost by %v: an error of the app is an answer", r.LostBy)
	}
}

func TestTheLastRequestOfAVersionIsKnownByWhenItWasSent(t *testing.T) {
	t.Parallel()
	_, url := startShop(t, "v1")
	seen := &witness{}
	c := start(t, load.Options{URL: url, Rate: 200, Slow: 2, SlowFor: 50 * time.Millisecond, Observe: seen.see})
	testkit.Await(t, "100 answers", func() bool { return c.Snapshot().Requests.Answered >= 100 })
	stop(t, c)
	var last time.Time
	for _, o := range seen.outcomes() {
		if o.Sent.After(last) {
			last = o.Sent
		}
	}
	if got := c.LastSeen("v1"); !got.Equal(last) {
		t.Errorf("last seen %s, want %s", got, last)
	}
	if got := c.LastSeen("v2"); !got.IsZero() {
		t.Errorf("v2 was never there, yet last seen %s", got)
	}
}
