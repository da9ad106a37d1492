package lane

import (
	"errors"
	"fmt"
	"net/http"

	"cutover/internal/proxy/hold"
	"cutover/internal/release"
)

var (
	errHeldTooLong = errors.New("no endpoint could take the request in time")
	errRefused     = errors.New("the app is not served any more")
)

// hold lets a request wait that no endpoint could take, until one can, the
// route changes or the time is over. While it waits it is on no side's
// account; in the end it is on that of the side that gets it, or would have.
func (s *sender) hold(r *http.Request, x *exchange, body *replay, cause error) (*http.Response, error) {
	limits := x.claim.Holding()
	if limits.AtMost <= 0 {
		return nil, cause
	}
	body.readAhead(r)
	place, ok := x.claim.Room().Enter(limits)
	if !ok {
		return nil, cause
	}
	defer func() { place.Leave() }()
	x.copy.Skip() // how long this one took says nothing of its side
	for {
		x.claim.Withdraw()
		why := place.Wait(r.Context())
		claim, refusal := s.board.Admit(x.listen, request{x.request})
		if refusal != nil {
			x.claim, x.unserved = nil, refusal
			return nil, errRefused
		}
		x.claim = claim
		switch why {
		case hold.Gone:
			return nil, r.Context().Err()
		case hold.Late:
			return nil, fmt.Errorf("%w: waited %v: %w", errHeldTooLong, limits.AtMost, cause)
		}
		if x.head != nil && claim.Backend() == release.H2C {
			return nil, errNotPlain
		}
		res, again, err := s.send(r, x, body)
		if err == nil || !again {
			return res, err
		}
		if room := claim.Room(); !place.In(room) {
			place.Move(room)
		}
		cause = err
	}
}

// readAhead takes a small body off the client, so that the server notices when
// the client leaves while the request waits.
func (b *replay) readAhead(r *http.Request) {
	if b.body == nil || r.ContentLength <= 0 || r.ContentLength > replayLimit {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	buf := make([]byte, r.ContentLength)
	for b.end == nil && !b.over {
		n, err := b.body.Read(buf)
		b.keep(buf[:n])
		b.end = err
	}
}

// gone is the answer to a request whose app went off the table while it waited.
func (x *exchange) gone(w http.ResponseWriter) {
	x.made = true
	notice{x.unserved.Status, x.unserved.Reason, x.trace.id(), x.unserved.Pages}.show(w, x.request)
}
