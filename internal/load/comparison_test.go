package load_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"cutover/internal/load"
)

// beside is a plan that puts two servers under the same load.
func beside(target, against string) load.Plan {
	p := paced(target, 75, 4*time.Second)
	p.Against = []load.Target{{URL: against}}
	return p
}

func compare(t *testing.T, p load.Plan) load.Comparison {
	t.Helper()
	c, err := load.Compare(t.Context(), p, nil)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestASlowerSideIsARegressionAndTheFasterOneIsNot(t *testing.T) {
	t.Parallel()
	slow, fast := serve(t, after(200*time.Millisecond)), serve(t, after(5*time.Millisecond))
	c := compare(t, beside(slow, fast))
	found := c.Regressions(0)
	if len(found) != 2 || !strings.HasPrefix(found[0], "GET / p50 ") || !strings.HasPrefix(found[1], "GET / p90 ") {
		t.Errorf("found %q in %s", found, c.Summary())
	}
	if c.Undecided() != "" || c.Pairs[0].Rounds < 15 || c.Pairs[0].Low > c.Pairs[0].Ratio || c.Pairs[0].High < c.Pairs[0].Ratio {
		t.Errorf("%+v", c.Pairs[0])
	}
	if found := compare(t, beside(fast, slow)).Regressions(0); len(found) > 0 {
		t.Errorf("the faster side is said to be worse: %q", found)
	}
}

func TestMoreErrorsThanChanceExplainsAreARegression(t *testing.T) {
	t.Parallel()
	var n atomic.Int64
	often := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if n.Add(1)%10 == 0 {
			w.WriteHeader(http.StatusInternalServerError)
		}
	}))
	good := serve(t, after(0))
	c := compare(t, beside(often, good))
	found := strings.Join(c.Regressions(100), "\n")
	if found != "30 of 300 requests failed against 0 of 300" {
		t.Errorf("found %q", found)
	}
	if found := compare(t, beside(good, often)).Regressions(100); len(found) > 0 {
		t.Errorf("the better side is said to be worse: %q", found)
	}
}

func TestTooFewRequestsDecideNothing(t *testing.T) {
	t.Parallel()
	url := serve(t, after(0))
	p := beside(url, url)
	p.Stages[0] = load.Stage{From: 20, To: 20, Lasts: time.Second}
	c := compare(t, p)
	if why := c.Undecided(); !strings.Contains(why, "too few") || len(c.Regressions(0)) > 0 {
		t.Errorf("one request a round: %q, %q", why, c.Summary())
	}
}

func TestPagesAreComparedAsAWholeAndWithEverythingElse(t *testing.T) {
	t.Parallel()
	url := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write([]byte(`<img src="/a.png"><script src="/b.js"></script>`))
	}))
	p := beside(url, url)
	p.Stages[0].From, p.Stages[0].To = 30, 30
	p.Scenarios[0].Steps = []load.Step{{Page: &load.Page{Name: "front", Path: "/", Find: true}}, get("/api")}
	var names []string
	for _, one := range compare(t, p).Pairs {
		if one.Metric == "p50" {
			names = append(names, one.Name)
		}
	}
	if strings.Join(names, ",") != "front,GET /api," {
		t.Errorf("compared are %q", names)
	}
}

func TestAComparisonTakesARateAndTwoSidesAndItsTime(t *testing.T) {
	t.Parallel()
	url := serve(t, after(0))
	closed := once(url, 1, get("/"))
	closed.Against = closed.Targets
	for _, p := range []load.Plan{paced(url, 10, time.Second), closed} {
		if _, err := load.Compare(t.Context(), p, nil); err == nil || !strings.Contains(err.Error(), "another side") {
			t.Errorf("%v", err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := load.Compare(ctx, beside(url, url), nil); !errors.Is(err, context.Canceled) {
		t.Errorf("a comparison that was called off: %v", err)
	}
}
