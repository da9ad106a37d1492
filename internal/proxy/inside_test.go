package proxy

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"cutover/internal/proxy/guard"
	"cutover/internal/release"
	"cutover/internal/testkit/authority"
)

// sent sends bytes over a connection and returns the status of what comes back,
// and whether the connection then ends.
func sent(t *testing.T, c net.Conn, text string) (int, bool) {
	t.Helper()
	defer c.Close()
	c.SetDeadline(time.Now().Add(5 * time.Minute))
	io.WriteString(c, text)
	in := bufio.NewReader(c)
	res, err := http.ReadResponse(in, nil)
	if err != nil {
		return 0, true
	}
	io.Copy(io.Discard, res.Body)
	_, err = in.ReadByte()
	return res.StatusCode, err == io.EOF
}

const ambiguous = "POST / HTTP/1.1\r\nHost: a.org\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"

func TestTheGuardSeesIntoTLSAndWatchesOverRedirects(t *testing.T) {
	t.Parallel()
	p, addr, plain, ca := run(t, stateDir(t)), address(), address(), authority.New(t, "ca")
	s := secured(t, ca, "shop", addr, says(t, "shop"), "a.org")
	s.Route.Front.TLS.Redirect = plain
	s.Route.Front.Limits = release.Limits{Headers: 10, HeaderTime: 2 * time.Second, BodyIdle: 2 * time.Second}
	put(t, p.Client, s)
	config := believes(ca)
	config.ServerName = "a.org"
	inside := func() (net.Conn, error) { return tls.Dial("tcp", addr, config) }
	outside := func() (net.Conn, error) { return net.Dial("tcp", plain) }
	for name, dial := range map[string]func() (net.Conn, error){"inside TLS": inside, "on the way to it": outside} {
		for text, want := range map[string]int{
			ambiguous:                         http.StatusBadRequest,
			"GET / HTTP/1.1\nHost: a.org\n\n": http.StatusBadRequest,
			"GET / HTTP/1.1\r\nHost: a.org\r\n" + strings.Repeat("X: y\r\n", 20) + "\r\n": http.StatusRequestHeaderFieldsTooLarge,
			"GET / HTTP/1.1\r\nHost: a": http.StatusRequestTimeout,
		} {
			c, err := dial()
			if err != nil {
				t.Fatal(err)
			}
			if status, ends := sent(t, c, text); status != want || !ends {
				t.Errorf("%s, %q: heard %d, ends %t; want %d and the end", name, text, status, ends, want)
			}
		}
	}
	c, err := inside()
	if err != nil {
		t.Fatal(err)
	}
	if status, ends := sent(t, c, "POST / HTTP/1.1\r\nHost: a.org\r\nContent-Length: 5\r\n\r\nab"); status != http.StatusOK && status != http.StatusRequestTimeout || !ends {
		t.Errorf("a body that rests: heard %d, ends %t", status, ends)
	}
	h, err := p.Health(t.Context())
	if want := fmt.Sprint(map[guard.Breach]uint64{guard.Malformed: 4, guard.LargeHead: 2, guard.SlowHead: 2, guard.SlowBody: 1}); err != nil || fmt.Sprint(h.Refused) != want {
		t.Errorf("counted %v, want %s (%v)", h.Refused, want, err)
	}
}

func TestNewLimitsHoldForHTTP2Too(t *testing.T) {
	t.Parallel()
	p, addr, ca := run(t, stateDir(t)), address(), authority.New(t, "ca")
	s := secured(t, ca, "shop", addr, says(t, "shop"), "a.org")
	put(t, p.Client, s)
	client := visitor(t, addr, believes(ca))
	large := func() (int, string) {
		r, _ := http.NewRequest("GET", "https://a.org/", nil)
		for range 80 { // each within what HTTP/2 allows for one field
			r.Header.Add("X-Large", strings.Repeat("a", 100))
		}
		res, err := client.Do(r)
		if err != nil {
			return 0, err.Error()
		}
		defer res.Body.Close()
		io.Copy(io.Discard, res.Body)
		return res.StatusCode, res.Proto
	}
	if status, proto := large(); status != http.StatusOK || proto != "HTTP/2.0" {
		t.Fatalf("heard %d %s", status, proto)
	}
	s.Route.Front.Limits.HeaderBytes = 6 << 10
	put(t, p.Client, s)
	// The old connection ends with a GOAWAY, which the client may not have read
	// yet; what it sends then goes out again on a new one, or fails.
	refused := func() bool {
		status, why := large()
		// A client that has heard of the limit does not even try.
		return status == http.StatusRequestHeaderFieldsTooLarge || strings.Contains(why, "larger than peer's advertised limit")
	}
	eventually(t, refused, func() any { status, why := large(); return fmt.Sprint(status, why) })
}
