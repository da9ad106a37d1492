package load

import (
	"net/http"
	"net/http/httptest"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"cutover/internal/load"
)

// clock is a server with a known delay that notes how long it really took.
type clock struct {
	delay time.Duration
	mu    sync.Mutex
	took  []time.Duration
}

func (c *clock) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	began := time.Now()
	if c.delay > 0 {
		<-time.After(c.delay)
	}
	w.WriteHeader(http.StatusOK)
	took := time.Since(began)
	c.mu.Lock()
	c.took = append(c.took, took)
	c.mu.Unlock()
}

// percentile of what the server noted.
func (c *clock) percentile(share float64) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return nth(c.took, share)
}

func plan(url string, rate float64, lasts time.Duration) load.Plan {
	return load.Plan{
		Name: "bench", Targets: []load.Target{{URL: url}}, Model: load.Open, Stages: []load.Stage{{From: rate, To: rate, Lasts: lasts}}, InFlight: 10_000,
		Scenarios: []load.Scenario{{Name: "get", Weight: 1, Steps: []load.Step{{Request: &load.Request{Method: "GET", Path: "/"}}}}},
	}
}

func run(b *testing.B, p load.Plan) load.Result {
	b.Helper()
	r, err := load.Run(b.Context(), p, nil)
	if err != nil {
		b.Fatal(err)
	}
	return r
}

// BenchmarkRate asks for more and more, and says what was kept.
func BenchmarkRate(b *testing.B) {
	for _, rate := range []float64{100, 1000, 3000, 6000} {
		b.Run(strconv.Itoa(int(rate)), func(b *testing.B) {
			server := httptest.NewServer(&clock{})
			defer server.Close()
			for b.Loop() {
				r := run(b, plan(server.URL, rate, 3*time.Second))
				side := r.Sides[0]
				b.ReportMetric(float64(side.Total.Done)/rate/3*100, "kept%")
				b.ReportMetric(ms(side.Late.P99), "late-p99-ms")
				b.ReportMetric(float64(side.Iterations.Dropped)/rate/3*100, "dropped%")
				b.ReportMetric(ms(side.Total.Service.P50), "p50-ms")
			}
			b.ReportMetric(0, "ns/op")
		})
	}
}

// BenchmarkLatency measures known delays.
func BenchmarkLatency(b *testing.B) {
	for _, delay := range []time.Duration{0, 5 * time.Millisecond, 50 * time.Millisecond} {
		b.Run(delay.String(), func(b *testing.B) {
			for b.Loop() {
				c := &clock{delay: delay}
				server := httptest.NewServer(c)
				latency := run(b, plan(server.URL, 200, 3*time.Second)).Sides[0].Total.Latency
				server.Close()
				b.ReportMetric(float64(time.Duration(latency.P50)-c.percentile(0.5))/1e3, "err-p50-us")
				b.ReportMetric(float64(time.Duration(latency.P99)-c.percentile(0.99))/1e3, "err-p99-us")
			}
			b.ReportMetric(0, "ns/op")
		})
	}
}

// stalling is a server that stops for half a second, once in five.
type stalling struct{ began time.Time }

func (s stalling) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	const every, stops = 5 * time.Second, 500 * time.Millisecond
	if at := (time.Since(s.began) + 2*time.Second) % every; at > every-stops {
		<-time.After(every - at)
	}
	w.WriteHeader(http.StatusOK)
}

// BenchmarkStall says how slow each finds a server that stalls.
func BenchmarkStall(b *testing.B) {
	for b.Loop() {
		server := httptest.NewServer(stalling{time.Now()})
		open := plan(server.URL, 400, 10*time.Second)
		b.ReportMetric(450, "p99-exact-ms")
		b.ReportMetric(ms(run(b, open).Sides[0].Total.Latency.P99), "p99-open-ms")
		closed := open
		closed.Model, closed.Stages = load.Closed, []load.Stage{{From: 8, To: 8, Lasts: 10 * time.Second}}
		b.ReportMetric(ms(run(b, closed).Sides[0].Total.Latency.P99), "p99-closed-ms")
		if peer, ok := wrk(b, server.URL); ok {
			b.ReportMetric(peer, "p99-wrk-ms")
		}
		server.Close()
	}
	b.ReportMetric(0, "ns/op")
}

// BenchmarkBeside measures the same server, which answers after 5 ms, with
// cutover's users and with wrk's connections.
func BenchmarkBeside(b *testing.B) {
	for b.Loop() {
		c := &clock{delay: 5 * time.Millisecond}
		server := httptest.NewServer(c)
		p := plan(server.URL, 0, 0)
		p.Model, p.Stages = load.Closed, []load.Stage{{From: 8, To: 8, Lasts: 10 * time.Second}}
		b.ReportMetric(ms(run(b, p).Sides[0].Total.Latency.P99), "p99-cutover-ms")
		b.ReportMetric(float64(c.percentile(0.99))/1e6, "p99-server-ms")
		if peer, ok := wrk(b, server.URL); ok {
			b.ReportMetric(peer, "p99-wrk-ms")
		}
		server.Close()
	}
	b.ReportMetric(0, "ns/op")
}

var ninetyNine = regexp.MustCompile(`99%\s+([0-9.]+)(us|ms|s)`)

// wrk returns its 99th percentile in milliseconds, false if it is not
// installed.
func wrk(b *testing.B, url string) (float64, bool) {
	b.Helper()
	if _, err := exec.LookPath("wrk"); err != nil {
		return 0, false
	}
	out, err := exec.CommandContext(b.Context(), "wrk", "-t1", "-c8", "-d10s", "--latency", url).CombinedOutput()
	found := ninetyNine.FindSubmatch(out)
	if err != nil || found == nil {
		b.Fatalf("wrk: %v\n%s", err, out)
	}
	d, err := time.ParseDuration(string(found[1]) + string(found[2]))
	if err != nil {
		b.Fatal(err)
	}
	return float64(d) / 1e6, true
}

func ms(m load.Millis) float64 { return float64(m) / 1e6 }

// nth returns the value that a share of all does not exceed.
func nth(all []time.Duration, share float64) time.Duration {
	if len(all) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(all))
	return sorted[min(int(share*float64(len(sorted))), len(sorted)-1)]
}
