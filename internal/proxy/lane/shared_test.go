package lane

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"cutover/internal/proxy/ledger"
	"cutover/internal/release"
)

// sharedBackend speaks HTTP/2 without TLS, with so many requests at a time on
// one connection.
func sharedBackend(t *testing.T, most int, h http.HandlerFunc) *httptest.Server {
	t.Helper()
	b := httptest.NewUnstartedServer(h)
	b.Config.Protocols = new(http.Protocols)
	b.Config.Protocols.SetUnencryptedHTTP2(true)
	b.Config.HTTP2 = &http.HTTP2Config{MaxConcurrentStreams: most}
	b.Start()
	t.Cleanup(func() {
		b.CloseClientConnections()
		b.Close()
	})
	return b
}

func (s *stage) h2c(backends ...string) {
	s.route(func(r *release.Route) {
		r.Front.Backend = release.H2C
		r.Sides.Blue.Endpoints = endpoints(backends...)
	})
}

// all sends n requests at once and returns what came back.
func (s *stage) all(n int) []string {
	answers := make([]string, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			res, err := s.client.Post(s.url, "text/plain", strings.NewReader(fmt.Sprint(i)))
			if err != nil {
				answers[i] = err.Error()
				return
			}
			defer res.Body.Close()
			body, err := io.ReadAll(res.Body)
			answers[i] = fmt.Sprint(res.StatusCode, " ", string(body), err)
		})
	}
	wg.Wait()
	return answers
}

func TestRequestsThatShareAConnectionAreBookedOneByOne(t *testing.T) {
	t.Parallel()
	const n = 230
	var here atomic.Int64
	full, open := make(chan struct{}), make(chan struct{})
	s := newStage(t)
	s.h2c(sharedBackend(t, 100, func(w http.ResponseWriter, r *http.Request) {
		if here.Add(1) == n {
			close(full)
		}
		<-open
		io.Copy(w, r.Body)
	}).URL)
	done := make(chan []string)
	go func() { done <- s.all(n) }()
	// More than one connection takes are under way at the same time.
	select {
	case <-full:
	case <-time.After(5 * time.Minute):
		t.Fatalf("only %d of %d requests came", here.Load(), n)
	}
	if got := s.blue(); got.Requests != n {
		t.Errorf("in flight %d, want %d", got.Requests, n)
	}
	// All have reached their instance, though none has an answer: a switch
	// does not wait for them.
	s.route(func(r *release.Route) { r.Salt = "r2" })
	if left := s.board.Settle(t.Context()); left != 0 {
		t.Errorf("%d are taken for unsent", left)
	}
	close(open)
	for i, got := range <-done {
		if got != fmt.Sprintf("200 %d<nil>", i) {
			t.Errorf("request %d: %s", i, got)
		}
	}
	s.settled(release.Counters{Accepted: n, Answered: n})
}

func TestASwitchWaitsForARequestThatHasNotReachedItsInstance(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	dialling, connect := make(chan struct{}, 1), make(chan struct{})
	dial := s.lane.shared.DialContext
	s.lane.shared.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
		dialling <- struct{}{}
		<-connect
		return dial(ctx, network, addr)
	}
	open := make(chan struct{})
	s.h2c(sharedBackend(t, 9, func(http.ResponseWriter, *http.Request) { <-open }).URL)
	done := make(chan []string)
	go func() { done <- s.all(1) }()
	<-dialling
	s.route(func(r *release.Route) { r.Front.Backend, r.Salt = release.H2C, "r2" })
	short, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if left := s.board.Settle(short); left != 1 {
		t.Errorf("%d unsent, want 1", left)
	}
	close(connect)
	if left := s.board.Settle(t.Context()); left != 0 {
		t.Errorf("%d unsent, want 0", left)
	}
	close(open)
	<-done
}

func TestASharedConnectionThatTheInstanceClosedLosesNoRequest(t *testing.T) {
	t.Parallel()
	b := sharedBackend(t, 100, func(w http.ResponseWriter, r *http.Request) { io.Copy(w, r.Body) })
	s := newStage(t)
	s.h2c(b.URL)
	const rounds, n = 60, 3
	for range rounds {
		for i, got := range s.all(n) {
			if got != fmt.Sprintf("200 %d<nil>", i) {
				t.Fatalf("request %d: %s", i, got)
			}
		}
		b.CloseClientConnections()
	}
	s.settled(release.Counters{Accepted: rounds * n, Answered: rounds * n})
}

// breaker takes what comes and hangs up after the head of a request.
func breaker(t *testing.T, heads *atomic.Int64) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				if tookHead(c) {
					heads.Add(1)
				}
			}()
		}
	}()
	return "http://" + ln.Addr().String()
}

// tookHead reads frames until one with a request's head.
func tookHead(c net.Conn) bool {
	c.SetDeadline(time.Now().Add(5 * time.Minute))
	c.Write([]byte{0, 0, 0, 4, 0, 0, 0, 0, 0}) // the settings each end begins with
	if _, err := io.ReadFull(c, make([]byte, len("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"))); err != nil {
		return false
	}
	for {
		var frame [9]byte
		if _, err := io.ReadFull(c, frame[:]); err != nil {
			return false
		}
		if _, err := io.CopyN(io.Discard, c, int64(frame[0])<<16|int64(frame[1])<<8|int64(frame[2])); err != nil {
			return false
		}
		if frame[3] == 1 {
			return true
		}
	}
}

func TestARequestThatMayHaveBeenReceivedIsNotSentAgain(t *testing.T) {
	t.Parallel()
	var heads atomic.Int64
	s := newStage(t)
	s.h2c(breaker(t, &heads), breaker(t, &heads))
	for i := range 20 {
		if got := s.all(1)[0]; !strings.HasPrefix(got, "502 ") {
			t.Fatalf("got %s", got)
		}
		if n := heads.Load(); n != int64(i+1) {
			t.Fatalf("%d heads were received for %d requests", n, i+1)
		}
	}
}

func TestARequestGoesToAnotherInstanceWhenOneRefusesConnections(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.h2c(deadAddr(t), sharedBackend(t, 9, func(w http.ResponseWriter, r *http.Request) { io.Copy(w, r.Body) }).URL)
	for range 10 {
		if got := s.all(1)[0]; got != "200 0<nil>" {
			t.Fatalf("got %s", got)
		}
	}
}

func TestAnInstanceThatDoesNotSpeakHTTP2IsAnErrorAndNoHang(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.h2c(backend(t, func(http.ResponseWriter, *http.Request) {}).URL)
	res, body := s.get("/")
	if res.StatusCode != http.StatusBadGateway {
		t.Errorf("got %d %s", res.StatusCode, body)
	}
	eventually(t, func() bool { return s.blue().Counters.Lost == 1 }, func() any { return ledger.Reading(s.blue()) })
}
