package check_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"unicode/utf8"

	"cutover/internal/check"
	"cutover/internal/release"
	"cutover/internal/testkit"
)

// serve starts an instance that answers with handler.
func serve(t *testing.T, id string, handler http.HandlerFunc) release.Instance {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return release.Instance{ID: id, Side: release.Green, Version: "2.0", Addr: server.Listener.Addr().String(), Alive: true, Ready: true}
}

func says(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	}
}

func get(path string) release.Check {
	return release.Check{Name: "home", HTTP: &release.HTTPCheck{Method: "GET", Path: path, Status: []int{200}}, Timeout: 10 * time.Second}
}

// run puts one check to the instances.
func run(t *testing.T, c release.Check, instances ...release.Instance) release.CheckResult {
	t.Helper()
	results, err := check.Runner{}.Run(t.Context(), release.CheckOrder{
		Stamp: release.Stamp{App: "shop"}, Checks: []release.Check{c}, Instances: instances})
	if err != nil || len(results) != 1 {
		t.Fatalf("results %+v, %v; want one", results, err)
	}
	if len(results[0].Evidence) > 2<<10 || !utf8.ValidString(results[0].Evidence) {
		t.Errorf("the evidence has %d bytes, valid %v", len(results[0].Evidence), utf8.ValidString(results[0].Evidence))
	}
	return results[0]
}

// mustShow checks a result, and that its evidence has every word of want.
func mustShow(t *testing.T, r release.CheckResult, passed bool, want ...string) {
	t.Helper()
	for _, word := range want {
		if !strings.Contains(r.Evidence, word) {
			t.Errorf("the evidence %q lacks %q", r.Evidence, word)
		}
	}
	if r.Passed != passed {
		t.Errorf("passed is %v, want %v: %s", r.Passed, passed, r.Evidence)
	}
}

func TestACheckPassesOnlyIfEveryInstancePasses(t *testing.T) {
	t.Parallel()
	good := serve(t, "green-1", says(200, "hello"))
	bad := serve(t, "green-2", says(500, "oh dear"))
	mustShow(t, run(t, get("/"), good, good), true, "green-1: status 200 in")
	r := run(t, get("/"), good, bad)
	mustShow(t, r, false, "green-1: status 200", "green-2: status 500", "want status 200", "body: oh dear")
	if !strings.HasPrefix(r.Evidence, "green-2") {
		t.Errorf("what failed does not come first: %q", r.Evidence)
	}
	if r.Name != "home" || r.Attempts != 1 || r.Took <= 0 {
		t.Errorf("result %+v", r)
	}
}

func TestEveryCheckHasItsResultInOrder(t *testing.T) {
	t.Parallel()
	in := serve(t, "green-1", func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/missing" {
			w.WriteHeader(404)
		}
	})
	checks := []release.Check{get("/missing"), get("/"), get("/missing?again")}
	results, err := check.Runner{}.Run(t.Context(), release.CheckOrder{Checks: checks, Instances: []release.Instance{in}})
	if err != nil || len(results) != 3 || results[0].Passed || !results[1].Passed || results[2].Passed {
		t.Fatalf("results %+v, %v; want failed, passed, failed", results, err)
	}
}

func TestAFailedTryIsRepeatedAsOftenAsTheCheckSays(t *testing.T) {
	t.Parallel()
	for retries, want := range map[int]bool{0: false, 1: false, 2: true, 5: true} {
		var asked atomic.Int32
		in := serve(t, "green-1", func(w http.ResponseWriter, _ *http.Request) {
			if asked.Add(1) < 3 {
				w.WriteHeader(503)
			}
		})
		c := get("/")
		c.Retries, c.Every = retries, time.Millisecond
		r := run(t, c, in)
		mustShow(t, r, want)
		if tries := min(retries+1, 3); r.Attempts != tries || int(asked.Load()) != tries {
			t.Errorf("with %d retries it was asked %d times and tells of %d, want %d", retries, asked.Load(), r.Attempts, tries)
		}
	}
}

func TestASlowAnswerCostsTheTryAndNotTheRun(t *testing.T) {
	t.Parallel()
	in := serve(t, "green-1", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	c := get("/")
	c.Timeout = 50 * time.Millisecond
	mustShow(t, run(t, c, in), false, "no answer within 50ms")
}

func TestNoAnswerIsAFailureWithItsReason(t *testing.T) {
	t.Parallel()
	gone := release.Instance{ID: "green-1", Addr: testkit.FreeAddr(t)}
	mustShow(t, run(t, get("/"), gone), false, "green-1: nothing listens there")
	cut := serve(t, "green-2", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		fmt.Fprint(w, "short")
	})
	mustShow(t, run(t, get("/"), cut), false, "green-2: status 200, then the body broke off")
}

func TestACancelledRunEndsAtOnceWithoutAResult(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]release.Check{
		"request": get("/"),
		"program": {Name: "smoke", Command: &release.CommandCheck{}},
		"pause":   {Name: "gone", HTTP: &release.HTTPCheck{Path: "/missing", Status: []int{200}}, Retries: 1, Every: time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancel(t.Context())
			in := serve(t, "green-1", func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/missing" {
					w.WriteHeader(404)
					cancel()
					return
				}
				cancel()
				<-r.Context().Done()
			})
			if c.Command != nil {
				cancelWhenAsked(t, c.Command, cancel)
			}
			c.Timeout = time.Hour
			results, err := check.Runner{}.Run(ctx, release.CheckOrder{Checks: []release.Check{c}, Instances: []release.Instance{in}})
			if !errors.Is(err, context.Canceled) || results != nil {
				t.Fatalf("results %+v, %v; want none and Canceled", results, err)
			}
		})
	}
}

// cancelWhenAsked makes the program say by a file that it runs, and cancels.
func cancelWhenAsked(t *testing.T, c *release.CommandCheck, cancel func()) {
	sign := t.TempDir() + "/runs"
	c.Args = []string{"sh", "-c", "touch " + sign + "; sleep 60"}
	var watching sync.WaitGroup
	watching.Go(func() {
		for _, err := os.Stat(sign); err != nil && t.Context().Err() == nil; _, err = os.Stat(sign) {
		}
		cancel()
	})
	t.Cleanup(watching.Wait)
}

func TestWhatCannotBeAskedIsAnErrorAndNoVerdict(t *testing.T) {
	t.Parallel()
	in := serve(t, "green-1", says(200, ""))
	secret := get("/")
	secret.HTTP.Headers = map[string]string{"Authorization": "env:CHECK_TEST_NOT_SET"}
	invalid := get("no slash")
	missing := release.Check{Name: "smoke", Command: &release.CommandCheck{Args: []string{"frobnicate"}}}
	for want, order := range map[string]release.CheckOrder{
		"no instance":            {Checks: []release.Check{get("/")}},
		"CHECK_TEST_NOT_SET":     {Checks: []release.Check{secret}, Instances: []release.Instance{in}},
		"must begin with /":      {Checks: []release.Check{invalid}, Instances: []release.Instance{in}},
		"write its full path":    {Checks: []release.Check{missing}, Instances: []release.Instance{in}},
		`with "smoke": find the`: {Checks: []release.Check{get("/"), missing}, Instances: []release.Instance{in}},
	} {
		results, err := check.Runner{}.Run(t.Context(), order)
		if err == nil || !strings.Contains(err.Error(), want) || results != nil {
			t.Errorf("results %+v, %v; want an error that says %q", results, err, want)
		}
	}
	if results, err := (check.Runner{}).Run(t.Context(), release.CheckOrder{}); err != nil || len(results) > 0 {
		t.Errorf("no checks: %+v, %v", results, err)
	}
}

func TestEvidenceOfManyFailuresIsCut(t *testing.T) {
	t.Parallel()
	var all []release.Instance
	for i := range 10 {
		all = append(all, serve(t, fmt.Sprintf("green-%d", i), says(500, strings.Repeat("wörter ", 500)+"\x1b[2J")))
	}
	r := run(t, get("/"), all...)
	mustShow(t, r, false, "green-0", "wörter", "…")
	if strings.ContainsRune(r.Evidence, '\x1b') {
		t.Error("a control character came through")
	}
}
