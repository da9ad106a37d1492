package lane

import (
	"io"
	"net/http"
	"sync/atomic"
	"time"

	"cutover/internal/proxy/board"
	"cutover/internal/proxy/ledger"
)

// elsewhere asks the other side for an asset that this one does not have, and
// returns its answer if it has it, else res. It asks once, and only for what
// can be asked for twice.
func (s *sender) elsewhere(r *http.Request, x *exchange, res *http.Response) *http.Response {
	if res.StatusCode != http.StatusNotFound || r.Body != nil && r.Body != http.NoBody || r.Method != http.MethodGet && r.Method != http.MethodHead {
		return res
	}
	other := x.claim.Borrow(r.URL.Path)
	if other == nil {
		return res
	}
	start, address := time.Now(), x.address
	found, _, err := s.ask(r, x, other, new(atomic.Int32), newReplay(r))
	if err != nil || found.StatusCode >= http.StatusBadRequest {
		end := ledger.End{Outcome: ledger.Lost, Took: time.Since(start)}
		if err == nil {
			found.Body.Close()
			end.Outcome, end.Status = ledger.Answered, found.StatusCode
		} else if x.clientGone() {
			end.Outcome = ledger.ClientGone
		}
		other.Close(end)
		x.address = address
		return res
	}
	if res.ContentLength >= 0 && res.ContentLength < bufferSize {
		io.Copy(io.Discard, res.Body) // so that the connection can be kept
	}
	res.Body.Close()
	x.moveTo(other, res.StatusCode)
	return found
}

// moveTo goes on with another side's claim. The side before has answered.
func (x *exchange) moveTo(other *board.Claim, status int) {
	x.claim.Close(ledger.End{Outcome: ledger.Answered, Status: status, Took: time.Since(x.start)})
	x.claim = other
	x.copy.Skip()
}
