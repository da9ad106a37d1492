package load_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"cutover/internal/load"
)

func TestTimesAreShownWithThreeFigures(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		999: "999ns", 12_345: "12.3µs", 1_234_567: "1.23ms", 300 * time.Millisecond: "300ms",
		1234 * time.Millisecond: "1.23s", 83 * time.Second: "1m23s", 0: "0s", time.Duration(load.NoTime): "-",
	} {
		if got := load.Millis(d).String(); got != want {
			t.Errorf("%d is shown as %s; want %s", d, got, want)
		}
	}
}

func TestASummarySaysWhatIsBrokenAndWhy(t *testing.T) {
	t.Parallel()
	url := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/bad" {
			w.WriteHeader(http.StatusBadGateway)
		}
	}))
	p := once(url, 2, get("/good"), get("/bad"))
	p.Thresholds = thresholds(t, "errors < 1%", "p99 < 20s")
	r := run(t, p)
	got := r.Summary()
	for _, want := range []string{"0 of 2 iterations, 4 requests, 50.00% errors, p50 ", "; broken: errors < 1% (50.00%)", "; 2 times status: status 502"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not in %q", want, got)
		}
	}
	if strings.Contains(got, "p99 < 20s") {
		t.Errorf("a threshold that held is in %q", got)
	}
	if got := (load.Result{}).Summary(); got != "nothing was sent" {
		t.Errorf("an empty result is %q", got)
	}
}
