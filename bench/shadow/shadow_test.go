package shadow

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"cutover/internal/proxy/board"
	"cutover/internal/proxy/lane"
	"cutover/internal/proxy/ledger"
	"cutover/internal/proxy/mirror"
	"cutover/internal/proxy/route"
	"cutover/internal/release"
)

const (
	rate        = 400 // requests a second, from the intended start
	rounds      = 7   // of each kind, interleaved
	lasts       = 2 * time.Second
	connections = 64
	door        = "127.0.0.1:80"
)

// kinds are the shadows that are compared with none.
var kinds = []string{"none", "healthy", "200 ms slow", "hung", "dead"}

// measured is one round, or the middle of several.
type measured struct {
	p50, p99 time.Duration
	errors   int
	held     int64 // bytes of the heap more than before
	compared uint64
	dropped  uint64
}

// BenchmarkShadow plays every kind in turn, so that a busy moment of the
// machine falls on all of them, and compares the medians of their rounds.
func BenchmarkShadow(b *testing.B) {
	for b.Loop() {
		all := map[string][]measured{}
		for range rounds {
			for _, kind := range kinds {
				all[kind] = append(all[kind], play(b, kind))
			}
		}
		table(b, all)
	}
	b.ReportMetric(0, "ns/op")
}

func table(b *testing.B, all map[string][]measured) {
	base := middle(all["none"], func(m measured) time.Duration { return m.p99 })
	text := fmt.Sprintf("\n%-12s %9s %9s %9s %7s %9s %9s %9s\n", "shadow", "p50", "p99", "p99 more", "errors", "compared", "dropped", "heap MiB")
	for _, kind := range kinds {
		p99 := middle(all[kind], func(m measured) time.Duration { return m.p99 })
		errors := 0
		for _, m := range all[kind] {
			errors += m.errors
		}
		text += fmt.Sprintf("%-12s %9s %9s %8.0f%% %7d %9d %9d %9.1f\n", kind,
			middle(all[kind], func(m measured) time.Duration { return m.p50 }).Round(10*time.Microsecond), p99.Round(10*time.Microsecond),
			100*(float64(p99)/float64(base)-1), errors,
			middle(all[kind], func(m measured) uint64 { return m.compared }), middle(all[kind], func(m measured) uint64 { return m.dropped }),
			float64(middle(all[kind], func(m measured) int64 { return m.held }))/(1<<20))
		if errors > 0 {
			b.Errorf("%s: %d users got no answer", kind, errors)
		}
		if limit := max(base+base*15/100, base+time.Millisecond); kind != "none" && kind != "healthy" && p99 > limit {
			b.Errorf("%s: p99 is %s, more than %s", kind, p99, limit)
		}
	}
	b.Log(text)
}

func middle[T cmp.Ordered](rounds []measured, of func(measured) T) T {
	var values []T
	for _, m := range rounds {
		values = append(values, of(m))
	}
	slices.Sort(values)
	return values[len(values)/2]
}

// play serves users for a while beside one kind of shadow.
func play(b *testing.B, kind string) measured {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	body := answer()
	blue := httptest.NewServer(shop(body, 2*time.Millisecond))
	defer blue.Close()
	green, stop := shadowOf(kind, body)
	defer stop()
	m := mirror.New(mirror.Limits{}) // as it is shipped
	defer m.Close()
	front := serve(b, m, kind, blue.Listener.Addr().String(), green)
	defer front.Close()
	took, errors := users(front.URL)
	runtime.ReadMemStats(&after)
	slices.Sort(took)
	out := measured{p50: took[len(took)/2], p99: took[len(took)*99/100], errors: errors, held: max(0, int64(after.HeapInuse)-int64(before.HeapInuse))}
	if c := m.Comparison("shop", "r"); c != nil {
		out.compared, out.dropped = c.Samples, c.Dropped
	}
	return out
}

// answer is some 7 kB of JSON.
func answer() string {
	var items []string
	for k := range 70 {
		items = append(items, fmt.Sprintf(`{"id":%d,"name":"item number %d","price":%d.5,"at":"2026-01-02T03:04:05Z","tags":["a","b"]}`, k, k, k))
	}
	return `{"items":[` + strings.Join(items, ",") + `]}`
}

func shop(body string, after time.Duration) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-time.After(after):
		case <-r.Context().Done():
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, body)
	}
}

// shadowOf returns where a shadow of the kind listens, and its end.
func shadowOf(kind, body string) (string, func()) {
	after := 2 * time.Millisecond
	switch kind {
	case "dead", "none":
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			panic(err)
		}
		ln.Close()
		return ln.Addr().String(), func() {}
	case "200 ms slow":
		after = 200 * time.Millisecond
	case "hung":
		after = time.Hour
	}
	s := httptest.NewServer(shop(body, after))
	return s.Listener.Addr().String(), func() {
		s.CloseClientConnections()
		s.Close()
	}
}

// serve puts the proxy's lane before both sides.
func serve(b *testing.B, m *mirror.Mirror, kind, blue, green string) *httptest.Server {
	r := release.Route{Front: release.Front{Listen: door, Path: "/"}, Salt: "r"}
	r.Sides.Blue = release.SideRoute{Weight: release.All, Endpoints: []release.Endpoint{{ID: "b", Addr: blue}}}
	if kind != "none" {
		r.Sides.Green.Endpoints = []release.Endpoint{{ID: "g", Addr: green}}
		r.Mirror = &release.Mirror{Side: release.Green, Shadow: release.Shadow{Share: release.All}}
	}
	table := route.Table{}.With(route.Service{App: "shop", Route: r})
	on := board.New(&ledger.Book{})
	if err := on.Publish(table); err != nil {
		b.Fatal(err)
	}
	m.Follow(table)
	full := lane.NewFull(on, slog.New(slog.DiscardHandler))
	full.Mirror = m
	return httptest.NewServer(full.Handler(door))
}

// users send requests at a constant rate whatever the answers do, and count
// the time from when each was meant to be sent.
func users(url string) (took []time.Duration, errors int) {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: connections, MaxConnsPerHost: connections}, Timeout: 10 * time.Second}
	defer client.CloseIdleConnections()
	var mu sync.Mutex
	var done sync.WaitGroup
	began := time.Now()
	for k := range int(rate * lasts.Seconds()) {
		meant := began.Add(time.Duration(k) * time.Second / rate)
		<-time.After(time.Until(meant))
		done.Go(func() {
			err := get(client, url)
			mu.Lock()
			defer mu.Unlock()
			took = append(took, time.Since(meant))
			if err != nil {
				errors++
			}
		})
	}
	done.Wait()
	return took, errors
}

func get(client *http.Client, url string) error {
	r, err := http.NewRequestWithContext(context.Background(), http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	res, err := client.Do(r)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if _, err := io.Copy(io.Discard, res.Body); err != nil {
		return err
	}
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("status %d", res.StatusCode)
	}
	return nil
}
