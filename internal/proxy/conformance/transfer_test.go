package conformance

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"cutover/internal/release"
)

// size is how much is sent each way; `make test-large` has 2 GiB.
func size(t *testing.T) int64 {
	text := os.Getenv("CUTOVER_TRANSFER_MIB")
	if text == "" {
		return 256 << 20
	}
	n, err := strconv.ParseInt(text, 10, 32)
	if err != nil {
		t.Fatalf("CUTOVER_TRANSFER_MIB: %v", err)
	}
	return n << 20
}

// spare is what the proxy may grow by while it passes on much more than that.
const spare = 96 << 20

// endless is as many zeros as are read.
type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

func app(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(func() {
		s.CloseClientConnections()
		s.Close()
	})
	return strings.TrimPrefix(s.URL, "http://")
}

func TestLargeBodiesPassInConstantMemory(t *testing.T) {
	t.Parallel()
	n := size(t)
	addr := app(t, func(w http.ResponseWriter, r *http.Request) {
		got, err := io.Copy(io.Discard, r.Body)
		w.Header().Set("X-Got", fmt.Sprint(got, err))
		io.CopyN(w, endless{}, n)
	})
	f := ours(t, addr, nil)
	send := func(body io.Reader, length int64) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+f.addr+"/", body)
		if err != nil {
			t.Fatal(err)
		}
		r.ContentLength = length
		res, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		got, err := io.Copy(io.Discard, res.Body)
		if err != nil || got != n {
			t.Errorf("%d bytes came back, %v, want %d", got, err, n)
		}
		if want := fmt.Sprint(n, nil); res.Header.Get("X-Got") != want {
			t.Errorf("the app got %s, want %s", res.Header.Get("X-Got"), want)
		}
	}
	before := peak(t, f.pid)
	send(io.LimitReader(endless{}, n), n)
	send(io.LimitReader(endless{}, n), -1)
	if grown := peak(t, f.pid) - before; grown > spare {
		t.Errorf("the proxy grew by %d MiB for bodies of %d MiB, want at most %d", grown>>20, n>>20, spare>>20)
	}
}

var highWater = regexp.MustCompile(`VmHWM:\s+(\d+) kB`)

// peak is the most memory that the process has had, in bytes.
func peak(t *testing.T, pid int) int64 {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	m := highWater.FindSubmatch(text)
	if m == nil {
		t.Fatal("no VmHWM in", string(text))
	}
	n, _ := strconv.ParseInt(string(m[1]), 10, 64)
	return n << 10
}

func TestEventsComeAtOnce(t *testing.T) {
	t.Parallel()
	next := make(chan struct{})
	addr := app(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		for range 3 {
			io.WriteString(w, "data: x\n\n")
			w.(http.Flusher).Flush()
			select {
			case <-next: // the client has it
			case <-r.Context().Done():
				return
			}
		}
	})
	f := ours(t, addr, nil)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	r, _ := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+f.addr+"/", nil)
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	in := bufio.NewReader(res.Body)
	for range 3 {
		// An event that were held back would never come: the next is sent only
		// after it.
		if text, err := in.ReadString('\n'); err != nil || text != "data: x\n" {
			t.Fatalf("got %q, %v", text, err)
		}
		in.ReadString('\n')
		next <- struct{}{}
	}
}

func TestTheAppHearsThatAClientHungUp(t *testing.T) {
	t.Parallel()
	for name, send := range map[string]string{
		"while it thinks":      "GET / HTTP/1.1\r\nHost: shop\r\n\r\n",
		"in its upload":        "POST /up HTTP/1.1\r\nHost: shop\r\nContent-Length: 9999\r\n\r\nsome",
		"in an upload of many": "POST /up HTTP/1.1\r\nHost: shop\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nsome\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			began, gone := make(chan struct{}), make(chan struct{})
			addr := app(t, func(w http.ResponseWriter, r *http.Request) {
				close(began)
				io.Copy(io.Discard, r.Body)
				<-r.Context().Done()
				close(gone)
			})
			f := ours(t, addr, nil)
			conn := dial(t, f)
			io.WriteString(conn, send)
			<-began
			conn.Close()
			select {
			case <-gone:
			case <-time.After(patience):
				t.Fatal("the app still works for nobody")
			}
		})
	}
}

func dial(t *testing.T, f *front) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", f.addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(patience))
	return conn
}

func TestClientsThatBreakALimitAreTurnedAwayAndNobodyElse(t *testing.T) {
	t.Parallel()
	addr := app(t, func(w http.ResponseWriter, r *http.Request) { io.Copy(w, r.Body) })
	f := ours(t, addr, func(f *release.Front) {
		f.Limits = release.Limits{HeaderTime: 3 * time.Second, BodyIdle: 3 * time.Second, BodyBytes: 10, HeaderBytes: 2 << 10, Headers: 5}
	})
	for _, c := range []struct {
		name, send string
		want       int
	}{
		{"a head that never ends", "GET / HTTP/1.1\r\nHost: shop\r\nX-", 408},
		{"a connection that says nothing", "", 408},
		{"a body that never goes on", post("Content-Length: 9\r\n", "some"), 408},
		{"chunks that never go on", post(chunked, "9\r\nsome"), 408},
		{"a large head", get("X: " + strings.Repeat("a", 2<<10) + "\r\n"), 431},
		{"many headers", get(strings.Repeat("X: a\r\n", 9)), 431},
		{"a long target", "GET /" + strings.Repeat("a", 2<<10) + " HTTP/1.1\r\nHost: shop\r\n\r\n", 414},
		{"a large body", post("Content-Length: 11\r\n", "more than 10"), 413},
		{"large chunks", post(chunked, "6\r\nmore t\r\n6\r\nhan 10\r\n0\r\n\r\n"), 413},
		{"as large as allowed", post("Connection: close\r\nContent-Length: 10\r\n", "just ten b"), 200},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			other, conn := dial(t, f), dial(t, f)
			heard, in := bufio.NewReader(other), bufio.NewReader(conn)
			answered(t, other, heard)
			io.WriteString(conn, c.send)
			res, err := http.ReadResponse(in, nil)
			if err != nil {
				t.Fatal(err)
			}
			io.Copy(io.Discard, res.Body)
			if res.StatusCode != c.want {
				t.Errorf("status %d, want %d", res.StatusCode, c.want)
			}
			if _, err := in.ReadByte(); err == nil {
				t.Error("more comes on a connection that should be closed")
			}
			answered(t, other, heard)
		})
	}
}

// answered asks on a connection of somebody who breaks no limit.
func answered(t *testing.T, conn net.Conn, heard *bufio.Reader) {
	t.Helper()
	io.WriteString(conn, get(""))
	res, err := http.ReadResponse(heard, nil)
	if err != nil {
		t.Fatalf("another client was harmed: %v", err)
	}
	io.Copy(io.Discard, res.Body)
	if res.StatusCode != http.StatusOK {
		t.Errorf("another client was told %d", res.StatusCode)
	}
}
