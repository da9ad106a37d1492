package lane

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"cutover/internal/release"
)

// limit is the keep-alive limit of the backends here. Requests come just when
// it runs out, which is the worst case: the two ends cross.
const limit = 300 * time.Millisecond

// learn sends requests until the lane knows that connections may not rest as
// long as limit; hungUp gets a value whenever the backend has closed one.
func (s *stage) learn(hungUp <-chan struct{}) (posts uint64) {
	s.t.Helper()
	for s.rest() > limit*17/20 {
		if posts++; posts > 20 {
			s.t.Fatalf("the lane rests connections for %v, the backend keeps them for %v", s.rest(), limit)
		}
		post(s.t, s, "teaches", nil)
		select {
		case <-hungUp:
		case <-time.After(10 * time.Second):
			s.t.Fatal("the backend never hung up")
		}
	}
	return posts
}

// rest is what the lane has learnt about the one endpoint.
func (s *stage) rest() time.Duration {
	s.t.Helper()
	for _, e := range s.board.Endpoints("shop", release.Blue) {
		return e.Rest()
	}
	s.t.Fatal("no endpoint")
	return 0
}

func TestNoPostIsLostToAServerThatClosesIdleConnections(t *testing.T) {
	t.Parallel()
	var seen sync.Map
	hungUp := make(chan struct{}, 100)
	server := &http.Server{
		IdleTimeout: limit,
		ConnState: func(_ net.Conn, s http.ConnState) {
			if s == http.StateClosed {
				hungUp <- struct{}{}
			}
		},
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			if _, twice := seen.LoadOrStore(string(body), true); twice && len(body) > 0 {
				t.Errorf("%q arrived twice", body)
			}
		}),
	}
	ln := listenLocal(t)
	go server.Serve(ln)
	t.Cleanup(func() { server.Close() })
	s := newStage(t, ln.Addr().String())
	taught := s.learn(hungUp)
	var wg sync.WaitGroup
	for client := range 4 {
		wg.Go(func() {
			for i := range 4 {
				order := fmt.Sprintf("order %d of client %d", i, client)
				post(t, s, order, strings.NewReader(order))
				pause := time.NewTimer(limit - 5*time.Millisecond + rand.N(10*time.Millisecond))
				<-pause.C
			}
		})
	}
	wg.Wait()
	s.settled(release.Counters{Accepted: taught + 16, Answered: taught + 16})
}

func post(t *testing.T, s *stage, name string, body io.Reader) {
	t.Helper()
	res, err := s.client.Post(s.url, "text/plain", body)
	if err != nil {
		t.Errorf("%s: %v", name, err)
		return
	}
	defer res.Body.Close()
	if got, err := io.ReadAll(res.Body); err != nil || res.StatusCode != 200 {
		t.Errorf("%s: %d %q, %v", name, res.StatusCode, got, err)
	}
}

// unaware is a connection whose end the pool does not notice, as happens for
// some microseconds to every kept connection that is closed.
type unaware struct {
	*net.TCPConn
	end chan struct{}
}

func (u unaware) Read(p []byte) (int, error) {
	n, err := u.TCPConn.Read(p)
	if err != nil {
		<-u.end
	}
	return n, err
}

func TestAPostOnAConnectionThatTheBackendHasClosedIsSentOnAnother(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]io.Reader{
		"none":    nil,
		"small":   strings.NewReader("small"),
		"length":  strings.NewReader(strings.Repeat("x", 1<<20)),
		"chunked": io.MultiReader(strings.NewReader(strings.Repeat("y", 1<<20))),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ln := listenLocal(t)
			var conns atomic.Int64
			hungUp := make(chan struct{})
			go acceptAll(ln, func(c net.Conn) {
				first := conns.Add(1) == 1
				answerOne(bufio.NewReader(c), c)
				c.Close()
				if first {
					close(hungUp)
				}
			})
			s := newStage(t, ln.Addr().String())
			s.hideEnds()
			post(t, s, "first", nil)
			<-hungUp
			post(t, s, name, body)
			s.settled(release.Counters{Accepted: 2, Answered: 2})
			if conns.Load() != 2 {
				t.Errorf("%d connections, want a second one", conns.Load())
			}
		})
	}
}

// hideEnds makes the pool blind for closed connections.
func (s *stage) hideEnds() {
	end := make(chan struct{})
	s.t.Cleanup(func() { close(end) })
	s.lane.pool.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
		c, err := (&net.Dialer{}).DialContext(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		return newConn(unaware{c.(*net.TCPConn), end}), nil
	}
}

// The backend no longer answers what arrives in the last tenth of its limit:
// such a request and the close have crossed.
func TestAPostNeverCrossesWithTheCloseOfAConnectionOnceTheLimitIsKnown(t *testing.T) {
	t.Parallel()
	ln := listenLocal(t)
	hungUp := make(chan struct{}, 100)
	go acceptAll(ln, func(c net.Conn) {
		r := bufio.NewReader(c)
		for answerOne(r, c) {
			last := time.Now()
			c.SetReadDeadline(last.Add(limit))
			if _, err := r.Peek(1); err != nil || time.Since(last) > limit*9/10 {
				break
			}
			c.SetReadDeadline(time.Time{})
		}
		c.Close()
		hungUp <- struct{}{}
	})
	s := newStage(t, ln.Addr().String())
	taught := s.learn(hungUp)
	for i := range 4 {
		post(t, s, fmt.Sprint("order ", i), strings.NewReader("x"))
		pause := time.NewTimer(limit * 19 / 20)
		<-pause.C
	}
	s.settled(release.Counters{Accepted: taught + 4, Answered: taught + 4})
}

func acceptAll(ln net.Listener, serve func(c net.Conn)) {
	for {
		c, err := ln.Accept()
		if err != nil {
			return
		}
		go serve(c)
	}
}

// answerOne answers one request with "ok".
func answerOne(r *bufio.Reader, c net.Conn) bool {
	q, err := http.ReadRequest(r)
	if err != nil {
		return false
	}
	io.Copy(io.Discard, q.Body)
	_, err = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
	return err == nil
}

func TestAConnectionTheBackendClosedIsRecognisedBeforeAnythingIsWritten(t *testing.T) {
	t.Parallel()
	ln := listenLocal(t)
	near, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer near.Close()
	far, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	c := newConn(near)
	if c.closedByPeer() {
		t.Error("an open connection counts as closed")
	}
	far.Close()
	eventually(t, c.closedByPeer, func() any { return "the end was not noticed" })
}

func listenLocal(t *testing.T) net.Listener {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	return ln
}
