package takeover

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"cutover/internal/demo/load"
	"cutover/internal/proxy"
	"cutover/internal/proxy/admin"
	"cutover/internal/release"
	"cutover/internal/testkit"
	"cutover/internal/traffic/embedded"
)

const (
	takeovers = 20
	between   = 300 * time.Millisecond
	slowFor   = 2 * time.Second
	streams   = 8
	// folderVariable makes the test binary a data plane on the folder it names.
	folderVariable = "CUTOVER_BENCH_PROXY"
	takeoverFlag   = "--takeover"
)

func TestMain(m *testing.M) {
	dir, asked := os.LookupEnv(folderVariable)
	if !asked {
		os.Exit(m.Run())
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	err := proxy.Run(ctx, proxy.Options{
		StateDir: dir, Drain: time.Second, Linger: time.Second, Takeover: slices.Contains(os.Args, takeoverFlag), Logger: slog.New(slog.NewTextHandler(os.Stderr, nil)),
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// newPlane is a data plane that is gone after the benchmark.
func newPlane(b *testing.B) *embedded.Process {
	b.Helper()
	dir, err := os.MkdirTemp("", "cutover-bench-") // the paths of sockets must be short
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = os.RemoveAll(dir) })
	state := filepath.Join(dir, "p")
	p := &embedded.Process{Command: []string{os.Args[0]}, Env: []string{folderVariable + "=" + state}, Client: admin.NewClient(proxy.SocketIn(state)), LogPath: filepath.Join(dir, "log")}
	b.Cleanup(func() {
		h, err := p.Client.Health(context.Background())
		if err != nil {
			b.Error(err)
			return
		}
		for _, pid := range append(h.Former, h.PID) {
			_ = syscall.Kill(pid, syscall.SIGTERM) // it may just have ended
		}
		testkit.Await(b, "the end of the data plane", func() bool {
			_, err := p.Client.Health(context.Background())
			return err != nil
		})
	})
	if _, err := p.Ensure(b.Context()); err != nil {
		b.Fatal(err)
	}
	return p
}

// newApp answers at once, after two seconds, or with a stream that never ends.
func newApp(b *testing.B) release.Endpoint {
	b.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-App-Version", "v1")
		switch r.URL.Path {
		case "/stream":
			w.Header().Set("Content-Type", "text/event-stream")
			_, _ = io.WriteString(w, "data: 1\n\n")
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
			return
		case "/slow":
			select {
			case <-time.After(slowFor):
			case <-r.Context().Done():
				return
			}
		}
		_ = json.NewEncoder(w).Encode(map[string]string{"id": r.Header.Get("X-Request-Id")})
	}))
	b.Cleanup(func() {
		s.CloseClientConnections()
		s.Close()
	})
	return release.Endpoint{ID: "1", Addr: strings.TrimPrefix(s.URL, "http://")}
}

// open opens a stream and counts in cut if it ends before the context.
func open(ctx context.Context, b *testing.B, addr string, cut *atomic.Int64) {
	b.Helper()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+addr+"/stream", nil)
	if err != nil {
		b.Fatal(err)
	}
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		b.Fatal(err)
	}
	lines := bufio.NewReader(res.Body)
	if _, err := lines.ReadString('\n'); err != nil {
		b.Fatal(err)
	}
	go func() {
		defer res.Body.Close()
		_, _ = io.Copy(io.Discard, lines)
		if ctx.Err() == nil {
			cut.Add(1)
		}
	}()
}

func BenchmarkTakeover(b *testing.B) {
	for b.Loop() {
		takeOver(b)
	}
	b.ReportMetric(0, "ns/op")
}

func takeOver(b *testing.B) {
	p, listen := newPlane(b), testkit.FreeAddr(b)
	r := release.Route{Front: release.Front{Listen: listen, Path: "/", StreamGrace: time.Hour}, Salt: "bench"}
	r.Sides.Blue = release.SideRoute{Weight: release.All, Endpoints: []release.Endpoint{newApp(b)}}
	router := &embedded.Router{Client: p.Client}
	if err := router.Route(b.Context(), release.RouteOrder{Stamp: release.Stamp{App: "street", Fence: 1}, Route: r}); err != nil {
		b.Fatal(err)
	}
	ctx, hangUp := context.WithCancel(b.Context())
	defer hangUp()
	var cut atomic.Int64
	for range streams {
		open(ctx, b, listen, &cut)
	}
	crowd, err := load.Start(load.Options{URL: "http://" + listen, Rate: 2000, PostShare: 0.2, Connections: 64, Slow: 8, SlowFor: slowFor, Timeout: 30 * time.Second})
	if err != nil {
		b.Fatal(err)
	}
	var took []time.Duration
	for range takeovers {
		began := time.Now()
		if _, err := p.Replace(b.Context(), takeoverFlag); err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(began))
		<-time.After(between)
	}
	ending, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	report := crowd.Stop(ending)
	stats, err := p.Client.Stats(b.Context(), "street")
	if err != nil {
		b.Fatal(err)
	}
	slices.Sort(took)
	failed := report.Requests.Lost + report.Requests.ClientGone + report.Status[5] + report.Mismatched
	b.ReportMetric(float64(failed), "failed")
	b.ReportMetric(float64(cut.Load()), "cut-streams")
	b.ReportMetric(float64(report.Skipped), "skipped")
	b.ReportMetric(float64(report.Requests.Answered)/report.Took.Seconds(), "req/s")
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "ms-to-charge")
	if failed > 0 || cut.Load() > 0 {
		b.Errorf("%d requests failed: lost %v, by status %v, %d mixed up; %d streams cut", failed, report.LostBy, report.Status, report.Mismatched, cut.Load())
	}
	if c := stats.Sides.Blue.Counters; c.Answered != report.Requests.Answered || c.Lost != 0 || stats.Sides.Blue.Streams != streams {
		b.Errorf("the users had %d answers and %d streams, the ledger says %+v and %d", report.Requests.Answered, streams, c, stats.Sides.Blue.Streams)
	}
}
