package lane

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"cutover/internal/proxy/board"
	"cutover/internal/proxy/ledger"
	"cutover/internal/proxy/route"
	"cutover/internal/release"
)

// stage is a proxy with one app, everything on blue.
type stage struct {
	t      *testing.T
	book   *ledger.Book
	board  *board.Board
	lane   *Full
	url    string
	client *http.Client
}

const door = "127.0.0.1:80" // the listen address in the table; the server's own is another

func newStage(t *testing.T, backends ...string) *stage {
	t.Helper()
	s := &stage{t: t, book: &ledger.Book{}}
	s.board = board.New(s.book)
	s.lane = NewFull(s.board, slog.New(slog.DiscardHandler))
	server := httptest.NewServer(s.lane.Handler(door))
	s.url = server.URL
	s.client = &http.Client{Transport: &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 64}, Timeout: 5 * time.Minute}
	t.Cleanup(func() {
		s.board.CutAll()
		s.client.CloseIdleConnections()
		server.Close()
		s.lane.Close()
	})
	s.route(func(r *release.Route) { r.Sides.Blue.Endpoints = endpoints(backends...) })
	return s
}

func endpoints(addrs ...string) []release.Endpoint {
	var out []release.Endpoint
	for _, a := range addrs {
		out = append(out, release.Endpoint{ID: a, Addr: strings.TrimPrefix(a, "http://")})
	}
	return out
}

func (s *stage) route(change func(r *release.Route)) {
	s.t.Helper()
	svc := route.Service{App: "shop"}
	svc.Route.Front = release.Front{Listen: door, Path: "/"}
	svc.Route.Salt = "r1"
	svc.Route.Sides.Blue.Weight = release.All
	change(&svc.Route)
	if err := s.board.Publish(s.board.Table().With(svc)); err != nil {
		s.t.Fatal(err)
	}
}

func (s *stage) blue() ledger.Reading { return s.book.Of("shop", release.Blue).Read() }

// settled waits until blue's books read want, with nothing in flight.
func (s *stage) settled(want release.Counters) {
	s.t.Helper()
	var got ledger.Reading
	eventually(s.t, func() bool {
		got = s.blue()
		return got.Requests+got.Streams == 0 && got.Counters == want
	}, func() any { return got })
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

func backend(t *testing.T, h http.HandlerFunc) *httptest.Server {
	t.Helper()
	b := httptest.NewServer(h)
	t.Cleanup(func() {
		b.CloseClientConnections()
		b.Close()
	})
	return b
}

func (s *stage) get(path string) (*http.Response, string) {
	s.t.Helper()
	res, err := s.client.Get(s.url + path)
	if err != nil {
		s.t.Fatal(err)
	}
	return res, s.text(res)
}

func (s *stage) text(res *http.Response) string {
	s.t.Helper()
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return string(body)
}

// deadAddr is an address where nothing listens.
func deadAddr(t *testing.T) string {
	t.Helper()
	dead := httptest.NewServer(http.NotFoundHandler())
	dead.Close()
	return dead.URL
}
