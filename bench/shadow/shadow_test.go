package shadow

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
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
	turns       = 40  // of each kind, in turn
	lasts       = 400 * time.Millisecond
	connections = 64
	door        = "127.0.0.1:80"
)

// kinds are the shadows that are compared with none.
var kinds = []string{"none", "healthy", "200 ms slow", "hung", "dead"}

// slice is what users saw in a short while.
type slice struct {
	p50, p99 time.Duration
	errors   int
}

// BenchmarkShadow has one proxy for each kind and gives them users in turn, a
// short while each and in a new order every time, so that a busy moment of the
// machine falls on all of them. It compares the medians of these whiles.
func BenchmarkShadow(b *testing.B) {
	for b.Loop() {
		stages := map[string]*stage{}
		for _, kind := range kinds {
			stages[kind] = newStage(b, kind)
		}
		for range turns {
			for _, k := range rand.Perm(len(kinds)) {
				stages[kinds[k]].play()
			}
		}
		table(b, stages)
	}
	b.ReportMetric(0, "ns/op")
}

func table(b *testing.B, stages map[string]*stage) {
	p99 := func(s slice) time.Duration { return s.p99 }
	base := middle(stages["none"].slices[1:], p99)
	text := fmt.Sprintf("\n%-12s %9s %9s %9s %7s %9s %9s %10s\n", "shadow", "p50", "p99", "p99 more", "errors", "compared", "dropped", "bodies MiB")
	for _, kind := range kinds {
		s := stages[kind]
		all, errors := s.slices[1:], 0 // the first one opens the connections
		for _, one := range all {
			errors += one.errors
		}
		c := release.Comparison{}
		if found := s.mirror.Comparison("shop", "r"); found != nil {
			c = *found
		}
		worst := middle(all, p99)
		text += fmt.Sprintf("%-12s %9s %9s %8.0f%% %7d %9d %9d %10.1f\n", kind,
			middle(all, func(s slice) time.Duration { return s.p50 }).Round(10*time.Microsecond), worst.Round(10*time.Microsecond),
			100*(float64(worst)/float64(base)-1), errors, c.Samples, c.Dropped, float64(s.most)/(1<<20))
		if errors > 0 {
			b.Errorf("%s: %d users got no answer", kind, errors)
		}
		if limit := max(base+base*15/100, base+time.Millisecond); kind != "none" && kind != "healthy" && worst > limit {
			b.Errorf("%s: p99 is %s, more than %s", kind, worst, limit)
		}
	}
	b.Log(text)
}

func middle(all []slice, of func(slice) time.Duration) time.Duration {
	var values []time.Duration
	for _, s := range all {
		values = append(values, of(s))
	}
	slices.Sort(values)
	return values[len(values)/2]
}

// stage is a proxy before both sides, with one kind of shadow.
type stage struct {
	mirror *mirror.Mirror
	url    string
	client *http.Client
	slices []slice
	// most is the most that bodies of copies ever took.
	most int64
}

func newStage(b *testing.B, kind string) *stage {
	b.Helper()
	body := answer()
	blue := httptest.NewServer(shop(body, 2*time.Millisecond))
	green, stop := shadowOf(kind, body)
	m := mirror.New(mirror.Limits{}) // as it is shipped
	front := serve(b, m, kind, blue.Listener.Addr().String(), green)
	s := &stage{mirror: m, url: front.URL,
		client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: connections, MaxConnsPerHost: connections}, Timeout: 10 * time.Second}}
	b.Cleanup(func() {
		s.client.CloseIdleConnections()
		front.Close()
		m.Close()
		stop()
		blue.Close()
	})
	return s
}

// play serves users for a short while.
func (s *stage) play() {
	took, errors := users(s.client, s.url)
	slices.Sort(took)
	s.slices = append(s.slices, slice{took[len(took)/2], took[len(took)*99/100], errors})
	s.most = max(s.most, s.mirror.Held())
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
func users(client *http.Client, url string) (took []time.Duration, errors int) {
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
