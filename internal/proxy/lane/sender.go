package lane

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptrace"
	"strconv"
	"sync/atomic"
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
)

// dialInto returns a dialer that enters what it opens in the roster.
func dialInto(open *roster) func(ctx context.Context, addr string) (*conn, error) {
	dialer := &net.Dialer{Timeout: dialTimeout, KeepAlive: 30 * time.Second}
	return func(ctx context.Context, addr string) (*conn, error) {
		c, err := dialer.DialContext(ctx, "tcp", addr)
		if err != nil {
			return nil, err
		}
		made := newConn(c)
		open.enter(addr, made)
		return made, nil
	}
}

func newPool(dial func(ctx context.Context, addr string) (*conn, error)) *http.Transport {
	return &http.Transport{
		DialContext: func(ctx context.Context, _, addr string) (net.Conn, error) {
			c, err := dial(ctx, addr)
			if err != nil {
				return nil, err // a nil *conn would not be a nil net.Conn
			}
			return c, nil
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

// sender sends a request to an endpoint of its side, once more if that does
// no harm, and lets it wait while no endpoint can take it.
type sender struct {
	direct       *direct
	pool, shared *http.Transport
	board        *board.Board
}

// pick returns the pool for a request. Upgrades are a matter of HTTP/1.1.
func (s *sender) pick(r *http.Request, x *exchange) *http.Transport {
	if x.claim.Backend() == release.H2C && r.Header.Get("Upgrade") == "" {
		return s.shared
	}
	return s.pool
}

// RoundTrip implements http.RoundTripper.
func (s *sender) RoundTrip(r *http.Request) (*http.Response, error) {
	return s.carry(r, exchangeOf(r.Context()), newReplay(r))
}

// carry sends the request, waits if it has to, and returns the answer.
func (s *sender) carry(r *http.Request, x *exchange, body *replay) (*http.Response, error) {
	res, again, err := s.send(r, x, body)
	if err != nil && again {
		res, err = s.hold(r, x, body, err)
	}
	if err != nil {
		return nil, err
	}
	res = s.elsewhere(r, x, res)
	x.back, _ = res.Body.(*lineBody)
	return res, nil
}

// mostTries is how often a request is tried for which kept connections turn
// out to be closed, one after the other, before anything is written to them:
// with HTTP/2 the pool does not find that out by itself.
const mostTries = 5

// send makes up to two tries, more on connections that were closed before, and
// reports whether the request may be sent yet again after the error: no
// endpoint has taken it.
func (s *sender) send(r *http.Request, x *exchange, body *replay) (res *http.Response, again bool, err error) {
	var errs []error
	for tries := 1; ; tries++ {
		res, a, err := s.try(r, x, body)
		if err == nil {
			return res, false, nil
		}
		errs = append(errs, err)
		if r.Context().Err() != nil || x.uploadBroke.Load() || a != nil && !a.mayRepeat(err) {
			return nil, false, errors.Join(errs...)
		}
		if a == nil { // there is no endpoint at all
			break
		}
		if tries >= mostTries || tries >= mostSendings && refused(err) {
			break
		}
	}
	return nil, true, errors.Join(errs...)
}

// try returns no attempt if there is no endpoint.
func (s *sender) try(r *http.Request, x *exchange, body *replay) (*http.Response, *attempt, error) {
	return s.ask(r, x, x.claim, &x.sendings, body)
}

// ask sends the request to an endpoint of the side that claim holds.
func (s *sender) ask(r *http.Request, x *exchange, claim *board.Claim, sendings *atomic.Int32, body *replay) (*http.Response, *attempt, error) {
	twice := repeatable(r)
	endpoint := claim.Endpoint(time.Now(), twice)
	if endpoint == nil {
		return nil, nil, errNoEndpoint
	}
	x.address = endpoint.Addr
	a := &x.first
	if a.claim != nil { // it is taken
		a = &attempt{}
	}
	a.claim, a.endpoint, a.twice, a.body, a.sendings = claim, endpoint, twice, body, sendings
	if x.head != nil {
		a.plain = x
	}
	res, err := s.pass(r, x, a)
	if trouble := troubleOf(res, err); trouble != nil && r.Context().Err() == nil && !x.uploadBroke.Load() {
		claim.Failed(time.Now(), *trouble)
	}
	if err != nil {
		return nil, a, err
	}
	if _, short := res.Body.(*lineBody); !short {
		a.watch(res)
	}
	// ReverseProxy and the hooks want the request they sent.
	res.Request = r
	if !gateway(res.StatusCode) {
		claim.Served()
	}
	return res, a, nil
}

// pass makes the attempt the shortest way there is for the request.
func (s *sender) pass(r *http.Request, x *exchange, a *attempt) (*http.Response, error) {
	if a.plain != nil || a.twice && s.direct.takes(r, x) {
		return s.direct.send(r, a)
	}
	out := r.WithContext(httptrace.WithClientTrace(r.Context(), a.trace()))
	url := *r.URL
	url.Host = a.endpoint.Addr
	out.URL = &url
	if err := a.body.give(out); err != nil {
		return nil, err
	}
	return s.pick(r, x).RoundTrip(out)
}

// troubleOf says what an outcome tells of the endpoint, nil for nothing bad.
// Errors of the app's own, such as 500, are for the verdict to judge.
func troubleOf(res *http.Response, err error) *board.Trouble {
	switch {
	case err == nil && gateway(res.StatusCode):
		return &board.Trouble{Reason: "answered " + strconv.Itoa(res.StatusCode)}
	case err == nil, errors.Is(err, errCannotReplay), errors.Is(err, errSentTwice):
		return nil
	case refused(err) && timedOut(err):
		return &board.Trouble{Reason: "did not take a connection in time", Unreached: true}
	case refused(err):
		return &board.Trouble{Reason: "took no connection", Unreached: true}
	case timedOut(err):
		return &board.Trouble{Reason: "did not answer in time"}
	}
	return &board.Trouble{Reason: "broke off before it answered"}
}

// gateway reports whether a status says that the instance passes requests on
// to something that is not there, or is too busy to serve.
func gateway(status int) bool {
	return status == http.StatusBadGateway || status == http.StatusServiceUnavailable || status == http.StatusGatewayTimeout
}

// refused reports whether no connection could be made.
func refused(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "dial"
}

// timedOut reports whether the endpoint was too slow.
func timedOut(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout() || errors.Is(err, context.DeadlineExceeded)
}

// repeatable reports whether a request may be sent a second time although
// the first may have been received: its method is a safe one, or the client
// promises by a key that its app will recognise it. PUT and DELETE leave the
// same state when they come twice, but not the same answer: the second finds
// nothing to delete, or a precondition no longer met.
func repeatable(r *http.Request) bool {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace:
		return true
	}
	return r.Header.Get("Idempotency-Key") != "" || r.Header.Get("X-Idempotency-Key") != ""
}
