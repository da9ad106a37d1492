package lane

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptrace"
	"time"

	"cutover/internal/proxy/board"
	"cutover/internal/release"
)

// errNoEndpoint means that the side has no instance in the route.
var errNoEndpoint = errors.New("the side has no endpoint")

const (
	dialTimeout = 3 * time.Second
	// answerTimeout bounds the wait for the head of an answer. It is long,
	// because reports and uploads may take minutes.
	answerTimeout = 15 * time.Minute
	// poolTimeout closes connections to endpoints that nobody uses.
	poolTimeout = 30 * time.Second
	poolPerHost = 256
	// downFor is how long an endpoint that refused a connection is avoided.
	downFor = time.Second
)

func newPool() *http.Transport {
	dialer := &net.Dialer{Timeout: dialTimeout, KeepAlive: 30 * time.Second}
	return &http.Transport{
		DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			c, err := dialer.DialContext(ctx, network, addr)
			if err != nil {
				return nil, err
			}
			return newConn(c), nil
		},
		DisableCompression:    true,
		MaxIdleConnsPerHost:   poolPerHost,
		IdleConnTimeout:       poolTimeout,
		ResponseHeaderTimeout: answerTimeout,
		ExpectContinueTimeout: time.Second,
		WriteBufferSize:       4 << 10,
		ReadBufferSize:        8 << 10,
	}
}

// sender sends a request to an endpoint of its side, and once more, if
// nothing of it has reached the first one.
type sender struct{ pool, shared *http.Transport }

// pick returns the pool for a request. Upgrades are a matter of HTTP/1.1.
func (s *sender) pick(r *http.Request, x *exchange) *http.Transport {
	if x.claim.Backend() == release.H2C && r.Header.Get("Upgrade") == "" {
		return s.shared
	}
	return s.pool
}

// RoundTrip implements http.RoundTripper.
func (s *sender) RoundTrip(r *http.Request) (*http.Response, error) {
	x := exchangeOf(r.Context())
	body := newReplay(r)
	res, first, err := s.try(r, x, body)
	if err == nil {
		return s.elsewhere(r, x, res), nil
	}
	if first == nil || !first.mayRepeat(err) || r.Context().Err() != nil || x.uploadBroke.Load() {
		return res, err
	}
	res, _, again := s.try(r, x, body)
	if again != nil {
		return nil, errors.Join(err, again)
	}
	return s.elsewhere(r, x, res), nil
}

func (s *sender) try(r *http.Request, x *exchange, body *replay) (*http.Response, *attempt, error) {
	return s.ask(r, x, x.claim, body)
}

// ask sends the request to an endpoint of the side that claim holds.
func (s *sender) ask(r *http.Request, x *exchange, claim *board.Claim, body *replay) (*http.Response, *attempt, error) {
	endpoint := claim.Endpoint(time.Now())
	if endpoint == nil {
		return nil, nil, errNoEndpoint
	}
	x.address = endpoint.Addr
	a := &attempt{claim: claim, endpoint: endpoint, twice: repeatable(r), body: body}
	out := r.WithContext(httptrace.WithClientTrace(r.Context(), a.trace()))
	url := *r.URL
	url.Host = endpoint.Addr
	out.URL = &url
	if err := body.give(out); err != nil {
		return nil, a, err
	}
	res, err := s.pick(r, x).RoundTrip(out)
	switch {
	case err == nil:
		endpoint.Up()
		a.watch(res)
		// ReverseProxy and the hooks want the request they sent.
		res.Request = r
	case refused(err) && r.Context().Err() == nil:
		endpoint.Down(time.Now().Add(downFor))
	}
	return res, a, err
}

// refused reports whether no connection could be made.
func refused(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "dial"
}

// repeatable reports whether a request may be sent a second time although
// the first may have been received.
func repeatable(r *http.Request) bool {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace:
		return r.Body == nil
	}
	return false
}
