package lane

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"cutover/internal/release"
)

// drops reads one request from each connection and hangs up without an answer.
func drops(t *testing.T) (addr string, got *atomic.Int64) {
	t.Helper()
	ln := listenLocal(t)
	got = &atomic.Int64{}
	go acceptAll(ln, func(c net.Conn) {
		defer c.Close()
		if q, err := http.ReadRequest(bufio.NewReader(c)); err == nil {
			io.Copy(io.Discard, q.Body)
			got.Add(1)
		}
	})
	return ln.Addr().String(), got
}

func TestOnlyARequestThatMayComeTwiceIsSentToAnotherInstanceOnceTheFirstHasIt(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		method, key, body string
		saved             bool
	}{
		"GET":                    {"GET", "", "", true},
		"HEAD":                   {"HEAD", "", "", true},
		"OPTIONS":                {"OPTIONS", "", "", true},
		"POST":                   {"POST", "", "order", false},
		"PUT":                    {"PUT", "", "order", false},
		"DELETE":                 {"DELETE", "", "", false},
		"POST with a key":        {"POST", "k1", "order", true},
		"a long POST with a key": {"POST", "k1", strings.Repeat("x", replayLimit+1), false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			addr, dropped := drops(t)
			good := backend(t, func(w http.ResponseWriter, r *http.Request) {
				if body, _ := io.ReadAll(r.Body); string(body) != c.body {
					t.Errorf("%d bytes arrived, want %d", len(body), len(c.body))
				}
			})
			s := newStage(t, addr, good.URL)
			served := 0
			for dropped.Load() == 0 {
				r, _ := http.NewRequest(c.method, s.url, strings.NewReader(c.body))
				if c.key != "" {
					r.Header.Set("Idempotency-Key", c.key)
				}
				res, err := s.client.Do(r)
				if err != nil {
					t.Fatal(err)
				}
				s.text(res)
				served++
				if saved := res.StatusCode == 200; saved != (c.saved || dropped.Load() == 0) {
					t.Errorf("request %d: %d", served, res.StatusCode)
				}
			}
			if dropped.Load() != 1 {
				t.Errorf("the sick instance got it %d times", dropped.Load())
			}
			want := release.Counters{Accepted: uint64(served), Answered: uint64(served)}
			if !c.saved {
				want.Answered, want.Lost, want.Errors = want.Answered-1, 1, 1
			}
			s.settled(want)
		})
	}
}

func TestNoRequestGoesOutMoreThanTwice(t *testing.T) {
	t.Parallel()
	a, gotA := drops(t)
	b, gotB := drops(t)
	s := newStage(t, a, b)
	if res, _ := s.get("/"); res.StatusCode != 502 {
		t.Errorf("got %d", res.StatusCode)
	}
	if gotA.Load() != 1 || gotB.Load() != 1 {
		t.Errorf("the instances got it %d and %d times", gotA.Load(), gotB.Load())
	}
	s.settled(release.Counters{Accepted: 1, Lost: 1, Errors: 1})
}

// Many kept connections die in the same instant: the pool alone would try one
// after the other.
func TestARequestOnADeadKeptConnectionGoesOutOnceMoreOnAFreshOne(t *testing.T) {
	t.Parallel()
	const kept = 8
	ln := listenLocal(t)
	var received atomic.Int64
	release8, closed := make(chan struct{}), sync.WaitGroup{}
	closed.Add(kept)
	var conns atomic.Int64
	go acceptAll(ln, func(c net.Conn) {
		defer c.Close()
		r := bufio.NewReader(c)
		if conns.Add(1) > kept {
			for answerOne(r, c) {
			}
			return
		}
		defer closed.Done()
		<-release8
		answerOne(r, c)
		if _, err := http.ReadRequest(r); err == nil {
			received.Add(1)
		}
	})
	s := newStage(t, ln.Addr().String())
	var wg sync.WaitGroup
	for range kept {
		wg.Go(func() { s.get("/") })
	}
	eventually(t, func() bool { return conns.Load() == kept }, func() any { return conns.Load() })
	close(release8)
	wg.Wait()
	if res, body := s.get("/again"); res.StatusCode != 200 {
		t.Errorf("got %d %q", res.StatusCode, body)
	}
	if received.Load() != 1 || conns.Load() != kept+1 {
		t.Errorf("it went to %d dead connections and %d fresh ones", received.Load(), conns.Load()-kept)
	}
}

func TestAnInstanceThatKeepsFailingIsLeftAloneAndStillNothingIsLost(t *testing.T) {
	t.Parallel()
	addr, dropped := drops(t)
	good := backend(t, func(http.ResponseWriter, *http.Request) {})
	s := newStage(t, addr, good.URL)
	for range 60 {
		if res, body := s.get("/"); res.StatusCode != 200 {
			t.Fatalf("got %d %q", res.StatusCode, body)
		}
	}
	out := s.board.Excluded("shop", release.Blue)
	if len(out) != 1 || out[0].ID != addr || !strings.Contains(out[0].Reason, "broke off") {
		t.Errorf("excluded %+v", out)
	}
	if n := dropped.Load(); n >= 30 {
		t.Errorf("the sick instance got %d of 60 requests", n)
	}
	s.settled(release.Counters{Accepted: 60, Answered: 60})
}

func TestAnswersOfAGatewayCountAsFailuresAndTheAppsOwnErrorsDoNot(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]int{500: 0, 404: 0, 502: 1, 503: 1, 504: 1} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			t.Parallel()
			bad := backend(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) })
			good := backend(t, func(http.ResponseWriter, *http.Request) {})
			s := newStage(t, bad.URL, good.URL)
			for range 30 {
				s.get("/")
			}
			if out := s.board.Excluded("shop", release.Blue); len(out) != want {
				t.Errorf("excluded %+v, want %d", out, want)
			}
		})
	}
}

func TestIdleConnectionsToAnInstanceThatLeavesTheRouteAreClosedAtOnce(t *testing.T) {
	t.Parallel()
	finish := make(chan struct{})
	var open, idle atomic.Int64
	states := sync.Map{}
	server := &http.Server{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/slow" {
				<-finish
			}
		}),
		ConnState: func(c net.Conn, now http.ConnState) {
			before, _ := states.Swap(c, now)
			switch now {
			case http.StateNew:
				open.Add(1)
			case http.StateIdle:
				idle.Add(1)
			case http.StateClosed:
				open.Add(-1)
			}
			if before == http.StateIdle {
				idle.Add(-1)
			}
		},
	}
	ln := listenLocal(t)
	go server.Serve(ln)
	t.Cleanup(func() { server.Close() })
	s := newStage(t, ln.Addr().String())
	slow := make(chan int)
	go func() {
		res, err := s.client.Get(s.url + "/slow")
		if err != nil {
			t.Error(err)
			slow <- 0
			return
		}
		slow <- res.StatusCode
		res.Body.Close()
	}()
	eventually(t, func() bool { return open.Load() == 1 }, func() any { return open.Load() })
	s.get("/")
	eventually(t, func() bool { return open.Load() == 2 && idle.Load() == 1 }, func() any { return []int64{open.Load(), idle.Load()} })
	other := backend(t, func(http.ResponseWriter, *http.Request) {})
	s.route(func(r *release.Route) { r.Sides.Blue.Endpoints = endpoints(other.URL) })
	eventually(t, func() bool { return open.Load() == 1 }, func() any { return open.Load() })
	close(finish)
	if status := <-slow; status != 200 {
		t.Errorf("the request in flight got %d", status)
	}
	eventually(t, func() bool { return open.Load() == 0 }, func() any { return open.Load() })
	s.settled(release.Counters{Accepted: 2, Answered: 2})
}
