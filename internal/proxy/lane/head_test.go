package lane

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/textproto"
	"slices"
	"strings"
	"testing"

	"cutover/internal/proxy/board"
	"cutover/internal/proxy/ledger"
	"cutover/internal/release"
)

// heads are requests as they come in. Each stands for something that a head
// may say; the peers are the ones who send them.
var heads = []string{
	"GET / HTTP/1.1\r\nHost: shop.example\r\n\r\n",
	"HEAD /a%2Fb/c?q=1&q=%zz;x HTTP/1.1\r\nHost: shop.example:8080\r\nUser-Agent: curl\r\n\r\n",
	"GET /\xc3\xa4?x=\xff HTTP/1.1\r\nHost: [::1]:80\r\nAccept: a\r\nAccept: b\r\nX-Empty:\r\n\r\n",
	"GET http://other.example/path?q HTTP/1.1\r\nHost: shop.example\r\n\r\n",
	"GET //double/../up HTTP/1.1\r\nHost: x\r\nConnection: keep-alive\r\nKeep-Alive: timeout=5\r\nProxy-Connection: close\r\nContent-Length: 0\r\n\r\n",
	"GET /? HTTP/1.1\r\nHost: x\r\nConnection: Close\r\nProxy-Authorization: Basic x\r\nProxy-Authenticate: y\r\n\r\n",
	"GET / HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 192.0.2.1, 10.0.0.1\r\nX-Forwarded-For: 10.0.0.2\r\nX-Forwarded-Host: a\r\nX-Forwarded-Proto: https\r\nForwarded: for=192.0.2.1\r\n\r\n",
	"GET / HTTP/1.1\r\nHost: x\r\nTraceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\nTracestate: a=1\r\nTracestate: b=2\r\n\r\n",
	"GET / HTTP/1.1\r\nHost: x\r\nTraceparent: nonsense\r\nTracestate: a=1\r\n\r\n",
	"GET / HTTP/1.1\r\nHost: x\r\nCutover-Private: secret\r\nCookie: a=b; c=d\r\nx_odd-NAME: v\r\nX-Client-Cert-Subject: CN=nobody\r\n\r\n",
	"GET / HTTP/1.0\r\nHost: x\r\n\r\n",
}

func TestAPlainHeadSaysWhatReverseProxyWouldHaveSaid(t *testing.T) {
	t.Parallel()
	for _, peer := range []string{"192.0.2.9:4711", "127.0.0.1:4711", "[2001:db8::1]:80", "nonsense"} {
		for i, text := range heads {
			t.Run(fmt.Sprint(peer, " ", i), func(t *testing.T) {
				t.Parallel()
				x := exchangeFor(t, text, peer)
				if !plain(x.request, release.HTTP1) {
					t.Fatal("it is not taken for plain")
				}
				want, got := lines(t, x.throughReverseProxy(t)), lines(t, x.writeHead(nil, x.request))
				if !slices.Equal(got, want) {
					t.Errorf("it says\n%s\nnot\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
				}
			})
		}
	}
}

func TestAHeadThatAsksForMoreIsNotPlain(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx",
		"GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: x\r\nConnection: X-Secret\r\nX-Secret: y\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nConnection: te\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: x\r\nTE: trailers\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: x\r\nUser-Agent: a\r\nUser-Agent: b\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: x\r\nUser-Agent:\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: b\xc3\xbccher.example\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: [fe80::1%25eth0]\r\n\r\n",
		"GET / HTTP/1.0\r\n\r\n",
	} {
		r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(text)))
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		if plain(r, release.HTTP1) {
			t.Errorf("%q is taken for plain", text)
		}
	}
	r := httptest.NewRequest("GET", "/", nil)
	if plain(r, release.H2C) {
		t.Error("a request for HTTP/2 is taken for plain")
	}
}

// exchangeFor is an exchange for a request that peer sends.
func exchangeFor(t *testing.T, text, peer string) *exchange {
	t.Helper()
	b := board.New(&ledger.Book{})
	s := &stage{t: t, board: b, lane: NewFull(b, slog.New(slog.DiscardHandler))}
	s.route(func(r *release.Route) { r.Sides.Blue.Endpoints = endpoints("127.0.0.1:1") })
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(text)))
	if err != nil {
		t.Fatal(err)
	}
	r.RemoteAddr = peer
	identify(r)
	claim, refusal := b.Admit(door, request{r})
	if refusal != nil {
		t.Fatal(refusal.Reason)
	}
	x := newExchange(claim, door, r, &s.lane.closing)
	t.Cleanup(x.finish)
	return x
}

// throughReverseProxy returns what the long way makes of the exchange.
func (x *exchange) throughReverseProxy(t *testing.T) []byte {
	t.Helper()
	before := *x.request
	defer func() { x.request = &before }()
	x.unfold()
	var sent bytes.Buffer
	proxy := httputil.ReverseProxy{Rewrite: rewrite, Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
		if err := r.Write(&sent); err != nil {
			t.Error(err)
		}
		return nil, errors.New("this is all")
	}), ErrorHandler: func(http.ResponseWriter, *http.Request, error) {}}
	proxy.ServeHTTP(httptest.NewRecorder(), x.request)
	return sent.Bytes()
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// lines are the first line of a head and its fields in order.
func lines(t *testing.T, head []byte) []string {
	t.Helper()
	in := textproto.NewReader(bufio.NewReader(bytes.NewReader(head)))
	var all []string
	for {
		line, err := in.ReadLine()
		if err != nil {
			t.Fatalf("%q does not end: %v", head, err)
		}
		if line == "" {
			break
		}
		all = append(all, line)
	}
	slices.SortStableFunc(all[1:], func(a, b string) int {
		return strings.Compare(a[:strings.IndexByte(a, ':')], b[:strings.IndexByte(b, ':')])
	})
	return all
}
