package load_test

import (
	"context"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"cutover/internal/load"
)

func newPairs(t *testing.T, slots int, steps ...load.Step) *load.Pairs {
	t.Helper()
	p := once("", 0, steps...)
	p.Targets, p.Synthetic = nil, true
	d, err := load.NewPairs(p, slots)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Close)
	return d
}

func TestBothSidesOfAPairGetTheSameRequestsByTheSameUserWithTheirMark(t *testing.T) {
	t.Parallel()
	var asked [2]seen
	url := func(side int) string {
		return serve(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			asked[side].add(r.URL.Path + " " + r.Header.Get(load.SyntheticHeader))
		}))
	}
	urls := [2]string{url(0), url(1)}
	d := newPairs(t, 2, get("/{{userNumber}}/{{iterationNumber}}"))
	for n := range 4 {
		for side, at := range urls {
			a := d.Play(t.Context(), side, n, at)
			if a.Fault != "" || a.Cut || a.Took <= 0 {
				t.Errorf("it was %+v", a)
			}
		}
	}
	for side := range asked {
		if got := strings.Join(asked[side].list, ","); got != "/0/0 1,/1/1 1,/0/2 1,/1/3 1" {
			t.Errorf("side %d was asked for %s", side, got)
		}
	}
}

func TestAnAttemptSaysInWhatWayItWentWrongAndWhatItWasAbout(t *testing.T) {
	t.Parallel()
	bad := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(503) }))
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gone := "http://" + l.Addr().String()
	l.Close()
	d := newPairs(t, 1, get("/items"))
	if a := d.Play(t.Context(), load.PairTarget, 0, bad); a.Fault != load.StatusFault || a.Detail != "status 503" || a.Scenario != "GET /items" {
		t.Errorf("it was %+v", a)
	}
	if a := d.Play(t.Context(), load.PairTarget, 1, gone); a.Fault != load.ConnectFault {
		t.Errorf("it was %+v", a)
	}
	d.Retain([]string{bad})
	if a := d.Play(t.Context(), load.PairTarget, 2, "http://no where"); a.Fault != load.LocalFault {
		t.Errorf("it was %+v", a)
	}
}

func TestAPairThatIsCalledOffIsCutAndNoFault(t *testing.T) {
	t.Parallel()
	slow := serve(t, after(time.Minute))
	d := newPairs(t, 1, get("/"))
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if a := d.Play(ctx, load.PairAgainst, 0, slow); !a.Cut || a.Fault != "" {
		t.Errorf("it was %+v", a)
	}
}

func TestPausesAndLoginsAreNotInTheTimeOfAnAttempt(t *testing.T) {
	t.Parallel()
	url := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/login" {
			after(400*time.Millisecond)(w, r)
		}
	}))
	p := once("", 0, get("/"), load.Step{Think: &load.Think{Least: 400 * time.Millisecond, Most: 400 * time.Millisecond}}, get("/"))
	p.Scenarios[0].Login = []load.Step{get("/login")}
	d, err := load.NewPairs(p, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	began := time.Now()
	a := d.Play(t.Context(), load.PairTarget, 0, url)
	if all := time.Since(began); a.Fault != "" || all < 800*time.Millisecond || a.Took > all-800*time.Millisecond || a.Scenario != "visit" {
		t.Errorf("in %s it took %+v", all, a)
	}
}

func TestPairsOfAPlanThatIsWrongAreRefused(t *testing.T) {
	t.Parallel()
	if _, err := load.NewPairs(once("", 0, get("no path")), 1); err == nil {
		t.Error("it is accepted")
	}
	p := once("", 0, get("/"))
	p.Variables = map[string]string{"password": "env:CUTOVER_NO_SUCH_VARIABLE"}
	if _, err := load.NewPairs(p, 1); err == nil || !strings.Contains(err.Error(), "CUTOVER_NO_SUCH_VARIABLE") {
		t.Errorf("the error is %v", err)
	}
}
