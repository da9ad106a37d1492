package lane

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"cutover/internal/release"
)

// holding lets requests wait for long enough that no slow machine ends it.
var holding = release.Holding{AtMost: 5 * time.Minute, Requests: 100}

// absent is a stage whose only instance does not run: its address is free.
func absent(t *testing.T, h release.Holding) (s *stage, addr string) {
	t.Helper()
	addr = strings.TrimPrefix(deadAddr(t), "http://")
	s = newStage(t)
	s.route(func(r *release.Route) {
		r.Front.Hold = h
		r.Sides.Blue.Endpoints = endpoints(addr)
	})
	return s, addr
}

// appear starts the instance.
func appear(t *testing.T, addr string, h http.HandlerFunc) {
	t.Helper()
	ln, err := net.Listen("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	b := &httptest.Server{Listener: ln, Config: &http.Server{Handler: h}}
	b.Start()
	t.Cleanup(func() {
		b.CloseClientConnections()
		b.Close()
	})
}

// waiting waits until n requests are held.
func (s *stage) waiting(n int) {
	s.t.Helper()
	eventually(s.t, func() bool { return s.board.Held("shop").Now == n }, func() any { return s.board.Held("shop") })
}

// orders sends n orders at once, and returns what waits for their answers.
func (s *stage) orders(n int) *sync.WaitGroup {
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { post(s.t, s, fmt.Sprint("order ", i), strings.NewReader(fmt.Sprint("order ", i))) })
	}
	return &wg
}

// once is an app that counts what it gets.
type once struct {
	mu  sync.Mutex
	got map[string]int
}

func (o *once) serve(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.got == nil {
		o.got = map[string]int{}
	}
	o.got[string(body)]++
}

func (o *once) check(t *testing.T, n int) {
	t.Helper()
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.got) != n {
		t.Errorf("%d orders arrived, want %d", len(o.got), n)
	}
	for order, times := range o.got {
		if times != 1 {
			t.Errorf("%q arrived %d times", order, times)
		}
	}
}

func TestRequestsWaitForAnInstanceThatRestarts(t *testing.T) {
	t.Parallel()
	s, addr := absent(t, holding)
	const n = 20
	answers := s.orders(n)
	s.waiting(n)
	// Now and then the first one tries: it alone is on a side's account then.
	eventually(t, func() bool { return s.blue().Counters.Accepted == 0 }, func() any { return s.blue() })
	if r := s.blue(); r.Requests > 1 || r.Counters.Accepted != uint64(r.Requests) {
		t.Errorf("requests that wait are on a side's account: %+v", r)
	}
	var app once
	appear(t, addr, app.serve)
	answers.Wait()
	app.check(t, n)
	s.settled(release.Counters{Accepted: n, Answered: n})
	if got, want := s.board.Held("shop"), (release.Held{Total: n}); got != want {
		t.Errorf("held %+v, want %+v", got, want)
	}
}

func TestAHeldRequestGoesToTheNewSideAfterASwitch(t *testing.T) {
	t.Parallel()
	s, _ := absent(t, holding)
	const n = 10
	answers := s.orders(n)
	s.waiting(n)
	var app once
	green := backend(t, app.serve)
	s.route(func(r *release.Route) {
		r.Front.Hold = holding
		r.Sides.Blue.Weight = release.None
		r.Sides.Green = release.SideRoute{Weight: release.All, Endpoints: endpoints(green.URL)}
	})
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	if left := s.board.Settle(ctx); left != 0 {
		t.Errorf("the switch waits for %d held requests", left)
	}
	answers.Wait()
	app.check(t, n)
	s.settled(release.Counters{})
	if got := s.book.Of("shop", release.Green).Read().Counters; got != (release.Counters{Accepted: n, Answered: n}) {
		t.Errorf("green accounts for %+v", got)
	}
}

func TestNobodyIsHeldLongerThanTheTime(t *testing.T) {
	t.Parallel()
	const atMost = 300 * time.Millisecond
	s, _ := absent(t, release.Holding{AtMost: atMost, Requests: 1})
	began := time.Now()
	res, body := s.get("/")
	if took := time.Since(began); res.StatusCode != 503 || !strings.Contains(body, "in time") || took < atMost {
		t.Errorf("after %v: %d %q", took, res.StatusCode, body)
	}
	s.settled(release.Counters{Accepted: 1, Lost: 1, Errors: 1})
	if got, want := s.board.Held("shop"), (release.Held{Total: 1, Late: 1}); got != want {
		t.Errorf("held %+v, want %+v", got, want)
	}
}

func TestOneMoreThanMayBeHeldIsAnsweredAtOnce(t *testing.T) {
	t.Parallel()
	s, addr := absent(t, release.Holding{AtMost: 5 * time.Minute, Requests: 1})
	answers := s.orders(1)
	s.waiting(1)
	if res, body := s.get("/"); res.StatusCode != 502 {
		t.Errorf("one too many got %d %q", res.StatusCode, body)
	}
	var app once
	appear(t, addr, app.serve)
	answers.Wait()
	app.check(t, 1)
	s.settled(release.Counters{Accepted: 2, Answered: 1, Lost: 1, Errors: 1})
	if got, want := s.board.Held("shop"), (release.Held{Total: 1, Full: 1}); got != want {
		t.Errorf("held %+v, want %+v", got, want)
	}
}

func TestAClientThatLeavesWhileItWaitsFreesItsPlace(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]func() io.Reader{
		"GET":  func() io.Reader { return nil },
		"POST": func() io.Reader { return strings.NewReader("order") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, _ := absent(t, holding)
			ctx, leave := context.WithCancel(t.Context())
			r, _ := http.NewRequestWithContext(ctx, name, s.url, body())
			done := make(chan error)
			go func() {
				_, err := s.client.Do(r)
				done <- err
			}()
			s.waiting(1)
			leave()
			if err := <-done; !errors.Is(err, context.Canceled) {
				t.Errorf("got %v", err)
			}
			s.waiting(0)
			s.settled(release.Counters{Accepted: 1, ClientGone: 1})
		})
	}
}

func TestAnAppThatIsTakenOffTheTableIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	s, _ := absent(t, holding)
	got := make(chan *http.Response)
	go func() {
		res, _ := s.client.Get(s.url)
		got <- res
	}()
	s.waiting(1)
	s.route(func(r *release.Route) {
		r.Front.Hold = holding
		r.Sides.Blue.Weight = release.None
	})
	res := <-got
	if res == nil || res.StatusCode != 503 || !strings.Contains(s.text(res), "serves nothing now") {
		t.Errorf("the held one got %+v", res)
	}
	if res, body := s.get("/"); res.StatusCode != 503 || !strings.Contains(body, "serves nothing now") {
		t.Errorf("a new one got %d %q", res.StatusCode, body)
	}
	s.settled(release.Counters{})
	if s.board.Held("shop").Now != 0 || s.board.Unrouted() != 2 {
		t.Errorf("held %+v, unrouted %d", s.board.Held("shop"), s.board.Unrouted())
	}
}

func TestARequestThatHasReachedItsInstanceIsNotHeld(t *testing.T) {
	t.Parallel()
	ln := listenLocal(t)
	go acceptAll(ln, func(c net.Conn) {
		buf := make([]byte, 1024)
		c.Read(buf)
		c.Close()
	})
	s := newStage(t)
	s.route(func(r *release.Route) {
		r.Front.Hold = holding
		r.Sides.Blue.Endpoints = endpoints(ln.Addr().String())
	})
	res, err := s.client.Post(s.url, "text/plain", strings.NewReader("order"))
	if err != nil || res.StatusCode != 502 {
		t.Fatalf("got %v, %v", res, err)
	}
	s.text(res)
	s.settled(release.Counters{Accepted: 1, Lost: 1, Errors: 1})
	if got := s.board.Held("shop"); got != (release.Held{}) {
		t.Errorf("held %+v", got)
	}
}
