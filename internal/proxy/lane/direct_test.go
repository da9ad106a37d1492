package lane

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"strings"
	"sync/atomic"
	"testing"

	"cutover/internal/release"
)

// script answers every request on a connection with the next of its texts, and
// counts connections and requests. "" hangs up in place of an answer.
type script struct {
	addr        string
	connections atomic.Int64
	requests    atomic.Int64
	ended       chan struct{} // a connection was closed by the proxy
}

func plays(t *testing.T, texts ...string) *script {
	t.Helper()
	ln := listenLocal(t)
	s := &script{addr: ln.Addr().String(), ended: make(chan struct{}, 100)}
	go acceptAll(ln, func(c net.Conn) {
		defer c.Close()
		s.connections.Add(1)
		in := bufio.NewReader(c)
		for {
			if _, err := http.ReadRequest(in); err != nil {
				s.ended <- struct{}{}
				return
			}
			text := texts[min(int(s.requests.Add(1))-1, len(texts)-1)]
			if text == "" {
				return
			}
			fmt.Fprint(c, text)
		}
	})
	return s
}

const short = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

func TestRequestsWithoutABodyShareKeptConnections(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"length":   short,
		"chunked":  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
		"no body":  "HTTP/1.1 204 No Content\r\n\r\n",
		"nothing":  "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
		"interim":  "HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n" + short,
		"unchange": "HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			app := plays(t, text)
			s := newStage(t, app.addr)
			for range 5 {
				s.get("/")
			}
			if n := app.connections.Load(); n != 1 {
				t.Errorf("%d connections were made", n)
			}
			s.settled(release.Counters{Accepted: 5, Answered: 5})
		})
	}
}

func TestAConnectionIsNotUsedAgainWhereTheNextAnswerCouldNotBeTold(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"it says so":         "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok",
		"an old protocol":    "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
		"more than an ender": short + "HTTP/1.1 200 OK\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			app := plays(t, text)
			s := newStage(t, app.addr)
			for range 3 {
				if _, body := s.get("/"); body != "ok" {
					t.Errorf("it answered %q", body)
				}
			}
			if n := app.connections.Load(); n != 3 {
				t.Errorf("%d connections were made", n)
			}
		})
	}
}

func TestInterimAnswersReachTheClient(t *testing.T) {
	t.Parallel()
	s := newStage(t, plays(t, "HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n"+short).addr)
	var hints []string
	ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{Got1xxResponse: func(code int, h textproto.MIMEHeader) error {
		hints = append(hints, fmt.Sprintf("%d %s", code, h.Get("Link")))
		return nil
	}})
	r, _ := http.NewRequestWithContext(ctx, "GET", s.url, nil)
	res, err := s.client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	if body := s.text(res); body != "ok" || len(hints) != 1 || hints[0] != "103 </a.css>" {
		t.Errorf("it answered %q after %q", body, hints)
	}
}

func TestABrokenAnswerIsALostRequestAndItsConnectionIsGone(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"switched unasked": "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
		"no HTTP":          "hello\r\n\r\n",
		"an endless head":  "HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", mostHead) + "\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			app := plays(t, text)
			s := newStage(t, app.addr)
			if res, _ := s.get("/"); res.StatusCode != http.StatusBadGateway {
				t.Errorf("it answered %d", res.StatusCode)
			}
			<-app.ended
			s.settled(release.Counters{Accepted: 1, Lost: 1, Errors: 1})
		})
	}
}

func TestAClientThatLeavesTakesItsConnectionToTheInstanceWithIt(t *testing.T) {
	t.Parallel()
	app := plays(t, "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"+strings.Repeat("the beginning", 10_000))
	s := newStage(t, app.addr)
	ctx, leave := context.WithCancel(t.Context())
	r, _ := http.NewRequestWithContext(ctx, "GET", s.url, nil)
	res, err := s.client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	leave()
	<-app.ended
	s.settled(release.Counters{Accepted: 1, ClientGone: 1})
}

func TestIdleConnectionsAreClosedWhenNobodyUsesThemAndAtTheEnd(t *testing.T) {
	t.Parallel()
	app := plays(t, short)
	s := newStage(t, app.addr)
	s.get("/")
	d := s.lane.direct
	idle := func() (n int) {
		d.mu.Lock()
		defer d.mu.Unlock()
		for _, all := range d.idle {
			n += len(all)
		}
		return n
	}
	eventually(t, func() bool { return idle() == 1 }, func() any { return idle() })
	d.sweep()
	if idle() != 1 {
		t.Fatal("a connection that was used just now was closed")
	}
	d.mu.Lock()
	d.idle[app.addr][0].conn.last.Add(-int64(poolTimeout))
	d.mu.Unlock()
	d.sweep()
	<-app.ended
	s.get("/")
	eventually(t, func() bool { return idle() == 1 }, func() any { return idle() })
	s.lane.Close()
	<-app.ended
	if idle() != 0 {
		t.Errorf("%d connections are kept", idle())
	}
}
