package load_test

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"reflect"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"cutover/internal/load"
	"cutover/internal/testkit"
)

func TestAStallOfTheServerShowsInTheLatencyOfEverythingThatWasDueDuringIt(t *testing.T) {
	t.Parallel()
	const stall = 400 * time.Millisecond
	open := make(chan struct{})
	begin := sync.OnceFunc(func() { time.AfterFunc(stall, func() { close(open) }) })
	url := serve(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		begin()
		<-open
	}))
	r := run(t, paced(url, 200, time.Second))
	total := r.Sides[0].Total
	if total.Done != 200 || total.Errors != 0 {
		t.Fatalf("%d of 200 requests done, %d errors", total.Done, total.Errors)
	}
	// 80 of the 200 were due while nothing was answered, and waited for 400 ms
	// down to 5: a quarter of all waited over 150.
	if got := time.Duration(total.Latency.P90); got < 150*time.Millisecond {
		t.Errorf("p90 is %s: the stall of %s was left out", got, stall)
	}
	if got := time.Duration(total.Latency.Max); got < stall/2 {
		t.Errorf("the slowest took %s of a stall of %s", got, stall)
	}
}

func TestTheRateIsKeptWhateverTheAnswersDo(t *testing.T) {
	t.Parallel()
	var most, now atomic.Int64
	slow := after(150 * time.Millisecond)
	url := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n := now.Add(1)
		defer now.Add(-1)
		for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
		}
		slow(w, r)
	}))
	p := paced(url, 100, time.Second)
	p.Thresholds = thresholds(t, "rate > 5/s", "requests >= 100", "iterations >= 100", "dropped <= 0", "errors <= 0%", "p50 > 149ms")
	r := run(t, p)
	if !r.Passed() || r.Sides[0].Iterations.Due != 100 {
		t.Errorf("not as asked: %+v %+v", r.Sides[0].Iterations, r.Judgements)
	}
	if most.Load() < 8 {
		t.Errorf("only %d requests at once: they waited for each other", most.Load())
	}
}

func TestWhatIsOverTheBoundIsDroppedAndSpoilsThePercentiles(t *testing.T) {
	t.Parallel()
	url := serve(t, after(time.Minute))
	p := paced(url, 100, 500*time.Millisecond)
	p.InFlight, p.Timeout = 5, 200*time.Millisecond
	p.Thresholds = thresholds(t, "p50 < 10s", "dropped < 50%", "errors of GET / < 1%")
	r := run(t, p)
	side := r.Sides[0]
	it := side.Iterations
	if it.Due != 50 || it.Dropped < 30 || it.Whole+it.Failed+it.Unfinished+it.Dropped != it.Due {
		t.Errorf("the account of iterations is %+v", it)
	}
	if side.Total.Latency.P50 != load.NoTime || side.Total.Dropped != it.Dropped || side.Total.Faults[load.TimeoutFault] != side.Total.Done {
		t.Errorf("the account of requests is %+v", side.Total)
	}
	if r.Passed() || r.Judgements[0].Held || r.Judgements[1].Held || r.Judgements[2].Held {
		t.Errorf("a threshold held: %+v", r.Judgements)
	}
	if !strings.Contains(strings.Join(r.Notes, "\n"), "that were due were not sent, because 5 were under way") {
		t.Errorf("nobody is told: %q", r.Notes)
	}
}

func TestUsersOfTheClosedModelWaitForTheirAnswersAndThink(t *testing.T) {
	t.Parallel()
	var most, now atomic.Int64
	url := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n := now.Add(1)
		defer now.Add(-1)
		for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
		}
		after(20*time.Millisecond)(w, r)
	}))
	p := once(url, 60, get("/a"), load.Step{Think: &load.Think{Least: 10 * time.Millisecond, Most: 20 * time.Millisecond}}, get("/b"))
	p.Stages[0].From, p.Stages[0].To = 10, 10
	r := run(t, p)
	if it := r.Sides[0].Iterations; it.Whole != 60 || r.Sides[0].Total.Done != 120 || !r.Passed() {
		t.Errorf("%+v, %d requests", it, r.Sides[0].Total.Done)
	}
	if most.Load() > 10 {
		t.Errorf("%d requests of 10 users at once", most.Load())
	}
	// Six rounds of 20 + at least 10 + 20 ms.
	if took := time.Duration(r.Took); took < 250*time.Millisecond {
		t.Errorf("60 iterations of 10 users took %s: nobody waited or thought", took)
	}
}

func TestEveryWayToFailHasItsName(t *testing.T) {
	t.Parallel()
	mux := http.NewServeMux()
	mux.HandleFunc("/slow", after(time.Minute))
	mux.HandleFunc("/bad", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) })
	mux.HandleFunc("/cut", func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err == nil {
			conn.Close()
		}
	})
	mux.HandleFunc("/json", func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte(`{"state": "sad"}`)) })
	url := serve(t, mux)
	for name, c := range map[string]struct {
		url, path string
		expect    load.Expect
		fault     load.Fault
		what      string
	}{
		"connect":     {"http://" + testkit.FreeAddr(t), "/", load.Expect{}, load.ConnectFault, "connection refused"},
		"timeout":     {url, "/slow", load.Expect{}, load.TimeoutFault, "deadline exceeded"},
		"broken":      {url, "/cut", load.Expect{}, load.BrokenFault, "EOF"},
		"status":      {url, "/bad", load.Expect{}, load.StatusFault, "status 500"},
		"none":        {url, "/none", load.Expect{Status: []int{200}}, load.StatusFault, "status 404"},
		"expectation": {url, "/json", load.Expect{JSON: map[string]string{"$.state": "glad"}}, load.ExpectationFault, "want $.state = glad, but it is sad"},
		"pattern":     {url, "/json", load.Expect{Regexp: "gl.d"}, load.ExpectationFault, `no match for "gl.d"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			step := get(c.path)
			step.Request.Expect = c.expect
			p := once(c.url, 1, step)
			p.Timeout = 300 * time.Millisecond
			r := run(t, p)
			total := r.Sides[0].Total
			if total.Faults[c.fault] != 1 || total.Errors != 1 || len(total.Wrong) != 1 || !strings.Contains(total.Wrong[0].What, c.what) {
				t.Errorf("%+v; want the fault %s with %q", total, c.fault, c.what)
			}
			if r.Passed() || r.Sides[0].Iterations.Failed != 1 {
				t.Errorf("it passed, or did not fail: %+v", r.Sides[0].Iterations)
			}
		})
	}
}

func TestBothSidesGetTheSameLoadAndAreCompared(t *testing.T) {
	t.Parallel()
	var slow, fast seen
	target := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { slow.add(r.URL.Path); after(60*time.Millisecond)(w, r) }))
	against := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fast.add(r.URL.Path) }))
	p := paced(target, 100, time.Second)
	p.Against = []load.Target{{URL: against}}
	p.Scenarios = []load.Scenario{
		{Name: "often", Weight: 3, Steps: []load.Step{get("/often/{{iterationNumber}}")}},
		{Name: "seldom", Weight: 1, Steps: []load.Step{get("/seldom/{{iterationNumber}}")}},
	}
	p.Thresholds = thresholds(t, "p50 > 1x", "errors < 1x", "rate > 0.5x", "p50 of GET /often/{{iterationNumber}} < 1x")
	r := run(t, p)
	a, b := slow.all(), fast.all()
	slices.Sort(a)
	slices.Sort(b)
	if len(a) != 100 || !slices.Equal(a, b) {
		t.Errorf("one side was asked %d times, the other %d, or for something else", len(a), len(b))
	}
	var held []bool
	for _, j := range r.Judgements {
		held = append(held, j.Held)
	}
	if !slices.Equal(held, []bool{true, true, true, false}) {
		t.Errorf("judged %+v", r.Judgements)
	}
	if first := r.Ratios[0]; first.Metric != "p50" || first.Ratio == nil || *first.Ratio <= 1 {
		t.Errorf("the first ratio is %+v", first)
	}
}

func TestSeveralTargetsShareTheLoad(t *testing.T) {
	t.Parallel()
	a, b := serve(t, after(0)), serve(t, after(0))
	p := paced(a, 100, 400*time.Millisecond)
	p.Targets = append(p.Targets, load.Target{Name: "b", URL: b})
	r := run(t, p)
	targets := r.Sides[0].Targets
	if len(targets) != 2 || targets[0].Done != 20 || targets[1].Done != 20 || targets[0].Name != a || targets[1].Name != "b" {
		t.Errorf("the targets got %+v", targets)
	}
}

func TestTheWarmUpIsNotMeasured(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	url := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		if n, err := strconv.Atoi(r.URL.Path[1:]); err != nil || n < 50 {
			w.WriteHeader(500)
		}
	}))
	p := paced(url, 100, time.Second)
	p.Scenarios[0].Steps = []load.Step{get("/{{iterationNumber}}")}
	p.WarmUp = 500 * time.Millisecond
	r := run(t, p)
	if n := asked.Load(); n != 100 || r.Sides[0].Total.Done != 50 || r.Sides[0].Iterations.Due != 50 || !r.Passed() {
		t.Errorf("%d were sent, %d measured, %d errors", n, r.Sides[0].Total.Done, r.Sides[0].Total.Errors)
	}
}

func TestALoadThatIsCalledOffLeavesNothingBehind(t *testing.T) {
	before := runtime.NumGoroutine()
	var open atomic.Int64
	server := httptest.NewUnstartedServer(after(time.Minute))
	server.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		switch s {
		case http.StateNew:
			open.Add(1)
		case http.StateClosed, http.StateHijacked:
			open.Add(-1)
		}
	}
	server.Start()
	for _, p := range []load.Plan{paced(server.URL, 200, time.Hour), once(server.URL, 0, get("/"))} {
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		var r load.Result
		var err error
		go func() {
			r, err = load.Run(ctx, p, nil)
			close(done)
		}()
		testkit.Await(t, "requests under way", func() bool { return open.Load() > 0 })
		cancel()
		<-done
		if !errors.Is(err, context.Canceled) || !r.Interrupted || r.Passed() || r.Sides[0].Total.Errors != 0 || r.Sides[0].Total.Cancelled == 0 {
			t.Errorf("called off: %v, %+v", err, r.Sides[0].Total)
		}
		testkit.Await(t, "no connection left", func() bool { return open.Load() == 0 })
	}
	server.Close()
	testkit.Await(t, "no goroutine left", func() bool { return runtime.NumGoroutine() <= before })
}

func TestProgressAddsUpAndSaysWhatIsUnderWay(t *testing.T) {
	t.Parallel()
	url := serve(t, after(0))
	p := paced(url, 50, 2200*time.Millisecond)
	var list []load.Progress
	if _, err := load.Run(t.Context(), p, func(p load.Progress) { list = append(list, p) }); err != nil {
		t.Fatal(err)
	}
	if len(list) < 2 {
		t.Fatalf("%d reports in over two seconds", len(list))
	}
	sum := uint64(0)
	for _, one := range list {
		s := one.Sides[0]
		sum += s.Done
		if s.Total != sum || s.Name != "target" || one.Level != 50 && one.Elapsed < 2200*time.Millisecond || one.Of != p.Stages[0].Lasts {
			t.Errorf("%+v does not go on from %d", one, sum)
		}
	}
	if list[0].Sides[0].P50 <= 0 {
		t.Errorf("no latency in %+v", list[0])
	}
}

func TestAPlanAndItsResultSurviveJSON(t *testing.T) {
	t.Parallel()
	p := paced(serve(t, after(0)), 20, 200*time.Millisecond)
	p.Thresholds = thresholds(t, "p99 < 5s", "errors of GET / < 1%")
	p.Variables = map[string]string{"secret": "env:NOWHERE"}
	again := travel(t, p)
	if !reflect.DeepEqual(p, again) {
		t.Errorf("sent %+v\ncame back %+v", p, again)
	}
	p.Variables = nil
	r := run(t, p)
	back := travel(t, r)
	if back.Sides[0].Total.Latency != r.Sides[0].Total.Latency || !maps.Equal(back.Sides[0].Total.Statuses, r.Sides[0].Total.Statuses) || !back.Passed() {
		t.Errorf("sent %+v\ncame back %+v", r, back)
	}
}

func travel[T any](t *testing.T, value T) T {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	var back T
	if err := json.Unmarshal(text, &back); err != nil {
		t.Fatal(err)
	}
	return back
}
