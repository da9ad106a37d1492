package guard

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"cutover/internal/release"
)

// fixed are rules that do not change.
type fixed struct {
	limits release.Limits
	exempt bool
}

func (f fixed) Limits() release.Limits { return f.limits.Resolved() }
func (f fixed) Exempt(netip.Addr) bool { return f.exempt }

// hall is a listener whose connections come from wherever a test says.
type hall struct {
	conns chan net.Conn
	once  sync.Once
}

func (h *hall) Accept() (net.Conn, error) {
	c, ok := <-h.conns
	if !ok {
		return nil, net.ErrClosed
	}
	return c, nil
}
func (h *hall) Close() error   { h.once.Do(func() { close(h.conns) }); return nil }
func (h *hall) Addr() net.Addr { return &net.TCPAddr{} }

type caller struct {
	net.Conn
	addr string
}

func (c caller) RemoteAddr() net.Addr {
	return net.TCPAddrFromAddrPort(netip.MustParseAddrPort(c.addr))
}

// house is a server behind a guard, in a bubble with a clock of its own.
type house struct {
	t     *testing.T
	hall  *hall
	tally *Tally
}

func newHouse(t *testing.T, rules Rules) *house {
	h := &house{t, &hall{conns: make(chan net.Conn)}, &Tally{}}
	server := &http.Server{ConnContext: Context, ConnState: State, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn := Of(r)
		defer conn.Answered()
		if refusal := Refused(r); refusal != nil {
			http.Error(w, refusal.Reason, refusal.Status)
			return
		}
		body, err := io.ReadAll(r.Body)
		if refusal := conn.Refusal(); err != nil && refusal != nil {
			w.Header().Set("Connection", "close")
			http.Error(w, refusal.Reason, refusal.Status)
			return
		}
		w.Write(body)
	})}
	ended := make(chan struct{})
	go func() { server.Serve(Listen(h.hall, rules, h.tally)); close(ended) }()
	t.Cleanup(func() { server.Close(); <-ended })
	return h
}

// call connects from addr.
func (h *house) call(addr string) net.Conn {
	mine, its := net.Pipe()
	h.t.Cleanup(func() { mine.Close() })
	h.hall.conns <- caller{its, addr}
	return mine
}

func (h *house) hears(in *bufio.Reader, status int, body string) {
	h.t.Helper()
	res, err := http.ReadResponse(in, nil)
	if err != nil {
		h.t.Fatal(err)
	}
	got, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != status || body != "" && string(got) != body {
		h.t.Fatalf("heard %d %q, %v, want %d %q", res.StatusCode, got, err, status, body)
	}
}

const public = "203.0.113.9:1234"

func TestAHeadMayNotTakeForEver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, fixed{limits: release.Limits{HeaderTime: 10 * time.Second}})
		conn, start := h.call(public), time.Now()
		var sender sync.WaitGroup
		defer sender.Wait()
		sender.Go(func() {
			for range "GET / HTTP/1.1" { // a byte in three seconds, never the end
				if _, err := conn.Write([]byte("G")); err != nil {
					return
				}
				<-time.After(3 * time.Second)
			}
		})
		h.hears(bufio.NewReader(conn), http.StatusRequestTimeout, "")
		if took := time.Since(start); took != 10*time.Second {
			t.Errorf("it took %s, want 10s", took)
		}
		if n := h.tally.Read()[SlowHead]; n != 1 {
			t.Errorf("counted %d slow heads", n)
		}
	})
}

func TestABodyMayTakeForEverAsLongAsItGoesOn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, fixed{limits: release.Limits{BodyIdle: time.Minute}})
		conn, body := h.call(public), strings.Repeat("x", 120)
		var sender sync.WaitGroup
		defer sender.Wait()
		sender.Go(func() {
			io.WriteString(conn, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 120\r\n\r\n")
			for range body { // an hour and a half
				conn.Write([]byte("x"))
				<-time.After(45 * time.Second)
			}
		})
		h.hears(bufio.NewReader(conn), http.StatusOK, body)
		if got := h.tally.Read(); got != nil {
			t.Errorf("counted %v", got)
		}
	})
}

func TestABodyThatRestsIsGivenUp(t *testing.T) {
	t.Parallel()
	for name, send := range map[string]string{
		"with a length": "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 120\r\n\r\nxx",
		"in chunks":     "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nxx",
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := newHouse(t, fixed{limits: release.Limits{BodyIdle: time.Minute}})
				conn, start := h.call(public), time.Now()
				go io.WriteString(conn, send)
				in := bufio.NewReader(conn)
				h.hears(in, http.StatusRequestTimeout, "")
				if _, err := in.ReadByte(); err == nil {
					t.Error("the connection goes on")
				}
				if took := time.Since(start); took < time.Minute || took > time.Minute+time.Second || h.tally.Read()[SlowBody] != 1 {
					t.Errorf("it took %s, want 1m and somewhat; counted %v", took, h.tally.Read())
				}
			})
		})
	}
}

func TestAConnectionIsKeptForAsLongAsConfigured(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, fixed{limits: release.Limits{Idle: time.Minute, HeaderTime: time.Second}})
		conn := h.call(public)
		in := bufio.NewReader(conn)
		for range 3 {
			go io.WriteString(conn, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
			h.hears(in, http.StatusOK, "")
			<-time.After(50 * time.Second)
		}
		if _, err := in.ReadByte(); err != io.EOF {
			t.Errorf("got %v, want a quiet end", err)
		}
		if got := h.tally.Read(); got != nil {
			t.Errorf("counted %v", got)
		}
	})
}

func TestAnAddressHasItsShareOfConnectionsAndNoMore(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, fixed{limits: release.Limits{Connections: 2}})
		first := h.call(public)
		h.call("203.0.113.9:1235")
		h.hears(bufio.NewReader(h.call("203.0.113.9:1236")), http.StatusTooManyRequests, "")
		for _, other := range []string{"203.0.113.10:1", "127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:3"} {
			conn := h.call(other)
			go io.WriteString(conn, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
			h.hears(bufio.NewReader(conn), http.StatusOK, "")
		}
		first.Close()
		synctest.Wait()
		conn := h.call("203.0.113.9:1237")
		go io.WriteString(conn, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
		h.hears(bufio.NewReader(conn), http.StatusOK, "")
		if n := h.tally.Read()[Connections]; n != 1 {
			t.Errorf("counted %d", n)
		}
	})
}

func TestAnIPv6NetworkIsOneClient(t *testing.T) {
	t.Parallel()
	for addr, want := range map[string]string{
		"[2001:db8::1]:5": "2001:db8::", "[2001:db8::2:3]:5": "2001:db8::", "[2001:db8:0:1::1]:5": "2001:db8:0:1::",
		"[::ffff:192.0.2.1]:5": "192.0.2.1", "[::1]:5": "::1", "192.0.2.1:5": "192.0.2.1",
	} {
		if got := from(caller{addr: addr}).String(); got != want {
			t.Errorf("%s counts as %s, want %s", addr, got, want)
		}
	}
}

func TestAClientCannotPretendToBeRefused(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, fixed{})
		conn := h.call(public)
		go io.WriteString(conn, "GET / HTTP/1.1\r\nHost: a\r\n"+nonceHeader+": x\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\nX Y: z\r\n\r\n")
		in := bufio.NewReader(conn)
		h.hears(in, http.StatusOK, "")
		h.hears(in, http.StatusBadRequest, "")
	})
}
