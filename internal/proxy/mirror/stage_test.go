package mirror_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"cutover/internal/proxy/board"
	"cutover/internal/proxy/lane"
	"cutover/internal/proxy/ledger"
	"cutover/internal/proxy/mirror"
	"cutover/internal/proxy/route"
	"cutover/internal/release"
)

const door = "127.0.0.1:80" // the address in the table; the server's own is another

// stage is a proxy that serves one app from blue and mirrors it to green.
type stage struct {
	t      *testing.T
	board  *board.Board
	book   *ledger.Book
	mirror *mirror.Mirror
	url    string
	client *http.Client
	route  release.Route
}

func newStage(t *testing.T, l mirror.Limits, blue, green string) *stage {
	t.Helper()
	s := &stage{t: t, book: &ledger.Book{}, mirror: mirror.New(l)}
	s.board = board.New(s.book)
	full := lane.NewFull(s.board, slog.New(slog.DiscardHandler))
	full.Mirror = s.mirror
	server := httptest.NewServer(full.Handler(door))
	s.url = server.URL
	s.client = &http.Client{Transport: &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 64}, Timeout: 5 * time.Minute}
	t.Cleanup(func() {
		s.client.CloseIdleConnections()
		server.Close()
		s.mirror.Close()
		full.Close()
	})
	s.route = release.Route{Front: release.Front{Listen: door, Path: "/"}, Salt: "r1",
		Mirror: &release.Mirror{Side: release.Green, Shadow: release.Shadow{Share: release.All, Samples: 10}}}
	s.route.Sides.Blue = release.SideRoute{Weight: release.All, Endpoints: endpoint(blue)}
	s.route.Sides.Green = release.SideRoute{Endpoints: endpoint(green)}
	s.publish()
	return s
}

func endpoint(url string) []release.Endpoint {
	return []release.Endpoint{{ID: url, Addr: strings.TrimPrefix(url, "http://")}}
}

func (s *stage) publish() {
	s.t.Helper()
	table := s.board.Table().With(route.Service{App: "shop", Route: s.route})
	if err := table.Check(); err != nil {
		s.t.Fatal(err)
	}
	if err := s.board.Publish(table); err != nil {
		s.t.Fatal(err)
	}
	s.mirror.Follow(table)
}

func (s *stage) get(path string) string {
	s.t.Helper()
	res, err := s.client.Get(s.url + path)
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		s.t.Fatalf("status %d, %v", res.StatusCode, err)
	}
	return string(text)
}

func (s *stage) found() release.Comparison {
	s.t.Helper()
	c := s.mirror.Comparison("shop", "r1")
	if c == nil {
		s.t.Fatal("there is no comparison")
	}
	return *c
}

// accounted waits until n requests were compared, dropped or skipped.
func (s *stage) accounted(n uint64) release.Comparison {
	s.t.Helper()
	eventually(s.t, func() bool {
		c := s.found()
		return c.Samples+c.Dropped+c.Skipped >= n
	}, func() any { return s.found() })
	return s.found()
}

func eventually(t *testing.T, ok func() bool, state func() any) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-ctx.Done():
			t.Fatalf("did not come about: %+v", state())
		case <-tick.C:
		}
	}
}

func backend(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	b := httptest.NewServer(h)
	t.Cleanup(func() {
		b.CloseClientConnections()
		b.Close()
	})
	return b.URL
}

// says answers every request with the same JSON.
func says(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, body)
	}
}

// fast is a mirror without a limit on its pace that does not rest.
var fast = mirror.Limits{Rate: 1e9, Failures: 1e9}
