package lane

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"cutover/internal/proxy/board"
	"cutover/internal/proxy/guard"
	"cutover/internal/proxy/ledger"
	"cutover/internal/proxy/mirror"
)

// exchange is one request and its answer on their way, with all that is
// needed to say in the end what became of them.
type exchange struct {
	// claim is nil if the app went off the table while the request waited;
	// unserved says how, then.
	claim    *board.Claim
	unserved *board.Refusal
	listen   string
	request  *http.Request
	start    time.Time
	closing  *atomic.Bool
	// client ends when the client goes away, request's context also when the
	// exchange is cut.
	client context.Context
	cancel context.CancelFunc
	trace  trace
	// address is the last endpoint tried, for the log.
	address string
	// copy is what goes to a mirror, nil for nothing.
	copy *mirror.Copy

	status  int     // sent to the client, 0 for none
	made    bool    // the answer is the proxy's own
	refused bool    // the client was turned away
	whole   bool    // the app's answer was read to its end
	stream  bool    // the answer is a stream of events
	shorted bool    // the stream was ended on order
	tunnel  *tunnel // set by an upgrade

	out *writer
	// head is what an endpoint is sent, nil where net/http writes it; back is
	// the answer's body if it came the short way.
	head []byte
	back *lineBody
	// first, answer and writer are what nearly every exchange needs one of.
	first  attempt
	answer answer
	writer writer

	// largest is how many bytes the request's body may have, 0 for any.
	largest int64

	sendings    atomic.Int32 // see attempt
	cut         atomic.Bool  // the order to end a stream
	uploaded    atomic.Bool  // the request's body was read to its end
	uploadBroke atomic.Bool
	tooLarge    atomic.Bool
	writeBroke  atomic.Bool
}

type exchangeKey struct{}

func newExchange(claim *board.Claim, listen string, r *http.Request, closing *atomic.Bool) *exchange {
	return &exchange{claim: claim, listen: listen, request: r, start: time.Now(), closing: closing, trace: traceOf(r.Header), client: r.Context()}
}

// unfold prepares the exchange for ReverseProxy and for a body.
func (x *exchange) unfold() {
	ctx, cancel := context.WithCancel(context.WithValue(x.client, exchangeKey{}, x))
	x.cancel = cancel
	x.request = x.request.WithContext(ctx)
	x.request.Body = &upload{ReadCloser: x.request.Body, x: x}
}

func exchangeOf(ctx context.Context) *exchange { return ctx.Value(exchangeKey{}).(*exchange) }

// finish settles the account. It runs also when the handler panics, which is
// how net/http is told to cut a connection.
func (x *exchange) finish() {
	if x.claim != nil {
		x.claim.Close(x.end())
	}
	x.copy.Drop()
	x.stop()
}

// stop gives up what is still under way.
func (x *exchange) stop() {
	if x.cancel != nil {
		x.cancel()
	}
	if x.back != nil {
		_ = x.back.Close()
	}
}

func (x *exchange) end() ledger.End {
	end := ledger.End{Outcome: ledger.Lost, Status: x.status, Took: time.Since(x.start)}
	switch {
	case x.made:
	case x.refused:
		end.Outcome = ledger.ClientGone
	case x.tunnel != nil:
		end.Outcome, end.Cut, end.Ordered = x.tunnel.outcome()
	case x.whole && !x.writeBroke.Load():
		end.Outcome, end.Ordered = ledger.Answered, x.shorted
	case x.clientGone():
		end.Outcome = ledger.ClientGone
	default:
		end.Cut = x.stream
	}
	return end
}

// refusal says what the client did wrong with its body, nil for nothing.
func (x *exchange) refusal() *guard.Refusal {
	if x.tooLarge.Load() {
		return guard.TooLarge()
	}
	return guard.Of(x.request).Refusal()
}

// flush sends what was written so far.
func (x *exchange) flush() {
	if x.out != nil {
		_ = x.out.FlushError() // noted there
	}
}

// clientGone reports whether the client went away by itself.
func (x *exchange) clientGone() bool {
	if x.closing.Load() {
		return false
	}
	return x.client.Err() != nil || x.uploadBroke.Load() || x.writeBroke.Load()
}

// cutShort ends a stream of events: the client gets a proper end, which
// makes it connect again, and not a broken answer.
func (x *exchange) cutShort() {
	x.cut.Store(true)
	x.stop()
}

// upgrade prepares the tunnel that both ends will speak through.
func (x *exchange) upgrade(res *http.Response) error {
	backend, ok := res.Body.(io.ReadWriteCloser)
	if !ok {
		return errors.New("the upgraded connection cannot be written to")
	}
	t := newTunnel(backend, strings.EqualFold(res.Header.Get("Upgrade"), "websocket"))
	x.tunnel = t
	res.Body = backendEnd{t}
	x.claim.Stream(res.StatusCode, time.Since(x.start), t.cut)
	return nil
}

// answer is the body of the app's answer.
type answer struct {
	io.ReadCloser
	x     *exchange
	broke error // told once everything before it has been passed on
}

func (a *answer) Read(p []byte) (int, error) {
	if a.broke != nil {
		a.x.flush()
		return 0, a.broke
	}
	n, err := a.ReadCloser.Read(p)
	switch {
	case err == io.EOF:
		a.x.whole = true
	case err != nil && a.x.cut.Load() && a.x.client.Err() == nil:
		a.x.whole, a.x.shorted = true, true
		err = io.EOF
	case err != nil:
		// What came of the answer is the client's: nothing at all would look
		// like a request that nobody has received.
		if a.broke = err; n > 0 {
			return n, nil
		}
		a.x.flush()
	}
	return n, err
}
