package lane

import (
	"bufio"
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

// A server with a keep-alive limit in the very range of the pauses between
// requests is the worst case: it hangs up just when the next request comes.
func TestNoPostIsLostToABackendThatClosesIdleConnectionsEarly(t *testing.T) {
	t.Parallel()
	const idle = 20 * time.Millisecond
	var seen sync.Map
	server := &http.Server{IdleTimeout: idle, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if _, twice := seen.LoadOrStore(string(body), true); twice {
			t.Errorf("%q arrived twice", body)
		}
		w.Write(body)
	})}
	ln := listenLocal(t)
	go server.Serve(ln)
	t.Cleanup(func() { server.Close() })
	s := newStage(t, ln.Addr().String())
	// The first connection is closed by the backend, from which the lane learns.
	post(t, s, "first")
	closed := time.NewTimer(5 * idle)
	<-closed.C
	var wg sync.WaitGroup
	for client := range 4 {
		wg.Go(func() {
			for i := range 40 {
				pause := time.NewTimer(idle - 4*time.Millisecond + rand.N(6*time.Millisecond))
				<-pause.C
				post(t, s, fmt.Sprintf("order %d of client %d", i, client))
			}
		})
	}
	wg.Wait()
	s.settled(release.Counters{Accepted: 161, Answered: 161})
}

func post(t *testing.T, s *stage, body string) {
	t.Helper()
	res, err := s.client.Post(s.url, "text/plain", strings.NewReader(body))
	if err != nil {
		t.Error(err)
		return
	}
	defer res.Body.Close()
	if got, err := io.ReadAll(res.Body); err != nil || string(got) != body {
		t.Errorf("%d %q, %v", res.StatusCode, got, err)
	}
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
			go func() {
				for {
					c, err := ln.Accept()
					if err != nil {
						return
					}
					go serveOnce(c, conns.Add(1) == 1, hungUp)
				}
			}()
			s := newStage(t, ln.Addr().String())
			post := func(body io.Reader) {
				res, err := s.client.Post(s.url, "text/plain", body)
				if err != nil || res.StatusCode != 200 {
					t.Fatalf("%v, %v", res, err)
				}
				s.text(res)
			}
			post(nil)
			<-hungUp
			post(body)
			s.settled(release.Counters{Accepted: 2, Answered: 2})
			if conns.Load() != 2 {
				t.Errorf("%d connections, want a second one", conns.Load())
			}
		})
	}
}

// serveOnce answers one request and hangs up.
func serveOnce(c net.Conn, first bool, hungUp chan struct{}) {
	r, err := http.ReadRequest(bufio.NewReader(c))
	if err != nil {
		return
	}
	io.Copy(io.Discard, r.Body)
	io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
	c.Close()
	if first {
		close(hungUp)
	}
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
