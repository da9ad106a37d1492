package lane

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"sync"
	"sync/atomic"
	"time"

	"cutover/internal/proxy/board"
	"cutover/internal/proxy/guard"
	"cutover/internal/proxy/mirror"
)

// Full is a lane on net/http.
type Full struct {
	// Mirror copies requests; nil copies none. It is set before the first
	// request.
	Mirror *mirror.Mirror

	// Tally counts the clients that are turned away.
	Tally *guard.Tally

	board   *board.Board
	proxy   *httputil.ReverseProxy
	sender  *sender
	direct  *direct
	pool    *http.Transport
	shared  *http.Transport
	closing atomic.Bool
	failed  scarce
}

// NewFull returns a lane that asks b where requests go.
func NewFull(b *board.Board, log *slog.Logger) *Full {
	open := &roster{}
	b.Left = open.retire
	dial := dialInto(open)
	f := &Full{board: b, direct: newDirect(dial), pool: newPool(dial), shared: newSharedPool(), failed: scarce{log: log, every: time.Second}}
	f.sender = &sender{direct: f.direct, pool: f.pool, shared: f.shared, board: b}
	f.proxy = &httputil.ReverseProxy{
		Rewrite:        rewrite,
		Transport:      f.sender,
		ModifyResponse: f.begin,
		ErrorHandler:   f.fail,
		BufferPool:     lent,
		ErrorLog:       slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
	return f
}

// Handler serves the requests that come in on the address listen.
func (f *Full) Handler(listen string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn := guard.Of(r)
		defer conn.Answered()
		if refusal := guard.Refused(r); refusal != nil {
			turnAway(w, r, traceOf(r.Header).id(), refusal)
			return
		}
		identify(r)
		if reason := unfit(r); reason != "" {
			w.Header().Set("Connection", "close")
			notice{http.StatusBadRequest, reason, traceOf(r.Header).id(), nil}.show(w, r)
			return
		}
		claim, refusal := f.board.Admit(listen, request{r})
		if refusal != nil {
			notice{refusal.Status, refusal.Reason, traceOf(r.Header).id(), refusal.Pages}.show(w, r)
			return
		}
		conn.Limit(claim.Limits())
		if r.ContentLength != 0 {
			// An app may answer before it has read the whole body.
			_ = http.NewResponseController(w).EnableFullDuplex()
		}
		x := newExchange(claim, listen, r, &f.closing)
		f.exchange(w, r, x)
		x.readOut(w, r)
	})
}

// exchange carries one request to its instance and the answer back.
func (f *Full) exchange(w http.ResponseWriter, r *http.Request, x *exchange) {
	defer x.finish()
	if most := x.claim.Limits().BodyBytes; most > 0 {
		if x.largest = most; r.ContentLength > most {
			f.refuse(w, x, guard.TooLarge())
			return
		}
	}
	x.writer = writer{w, x}
	x.out = &x.writer
	x.copy = f.Mirror.Watch(x.claim.App(), x.claim.Side(), r)
	if x.copy == nil && plain(r, x.claim.Backend()) && f.short(x) {
		return
	}
	x.unfold()
	if x.copy != nil {
		x.request.Body = x.copy.Upload(x.request.Body, r.ContentLength)
	}
	x.request.Body = f.Mirror.Hear(x.claim.App(), r, x.request.Body)
	f.proxy.ServeHTTP(x.out, x.request)
}

// Close tells the lane that connections are about to be cut by the proxy
// itself, which must not be put down to the clients, and drops idle
// connections to endpoints.
func (f *Full) Close() {
	f.closing.Store(true)
	f.direct.close()
	f.pool.CloseIdleConnections()
	f.shared.CloseIdleConnections()
}

// begin looks at the head of the app's answer.
func (f *Full) begin(res *http.Response) error {
	return f.begun(exchangeOf(res.Request.Context()), res)
}

// begun is begin for an exchange that is known.
func (f *Full) begun(x *exchange, res *http.Response) error {
	if res.StatusCode == http.StatusSwitchingProtocols || isStream(res) {
		x.copy.Skip()
	} else {
		res.Body = x.copy.Answered(res)
	}
	if id := x.claim.NewCookie; id != "" {
		cookie := http.Cookie{Name: board.CookieName, Value: id, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode}
		res.Header.Add("Set-Cookie", cookie.String())
	}
	if res.StatusCode == http.StatusSwitchingProtocols {
		return x.upgrade(res)
	}
	x.answer = answer{ReadCloser: res.Body, x: x}
	res.Body = &x.answer
	if isStream(res) {
		x.stream = true
		x.claim.Stream(res.StatusCode, time.Since(x.start), x.cutShort)
	}
	return nil
}

// fail answers in the app's place, or not at all if nobody is there to hear.
func (f *Full) fail(w http.ResponseWriter, r *http.Request, err error) {
	f.failedWith(w, r, exchangeOf(r.Context()), err)
}

// failedWith is fail for an exchange that is known.
func (f *Full) failedWith(w http.ResponseWriter, r *http.Request, x *exchange, err error) {
	if refusal := x.refusal(); refusal != nil {
		f.refuse(w, x, refusal)
		return
	}
	if x.clientGone() {
		panic(http.ErrAbortHandler)
	}
	if x.claim == nil {
		x.gone(w)
		return
	}
	status, reason := verdict(err)
	x.made = true
	f.failed.warn("request lost", "app", x.claim.App(), "side", x.claim.Side(), "endpoint", x.address, "request", x.trace.id(), "status", status, "error", err)
	notice{status, fmt.Sprintf("app %s, side %s: %s", x.claim.App(), x.claim.Side(), reason), x.trace.id(), x.claim.Front().Pages}.show(w, r)
}

// refuse tells the client of x what it did. It is the client's end, not the
// app's loss.
func (f *Full) refuse(w http.ResponseWriter, x *exchange, r *guard.Refusal) {
	if r.Breach == guard.LargeBody && f.Tally != nil {
		f.Tally.Add(r.Breach) // the guard counts what it finds itself
	}
	x.refused = true
	turnAway(w, x.request, x.trace.id(), r)
}

// verdict turns a failure into an answer that gives no address away.
func verdict(err error) (status int, reason string) {
	var timeout net.Error
	switch {
	case errors.Is(err, errHeldTooLong):
		return http.StatusServiceUnavailable, "no instance could take the request in time"
	case errors.Is(err, errNoEndpoint):
		return http.StatusServiceUnavailable, "no instance is there to answer"
	case errors.As(err, &timeout) && timeout.Timeout(), errors.Is(err, context.DeadlineExceeded):
		return http.StatusGatewayTimeout, "the instance did not answer in time"
	}
	return http.StatusBadGateway, "the instance could not be reached or broke off before it answered"
}

// lent has the buffers of all lanes.
var lent = &buffers{}

// buffers lends the buffers that answers are copied through.
type buffers struct{ pool sync.Pool }

const bufferSize = 32 << 10

// Get implements httputil.BufferPool.
func (b *buffers) Get() []byte {
	if p, ok := b.pool.Get().(*[bufferSize]byte); ok {
		return p[:]
	}
	return new([bufferSize]byte)[:]
}

// Put implements httputil.BufferPool.
func (b *buffers) Put(p []byte) { b.pool.Put((*[bufferSize]byte)(p)) }
