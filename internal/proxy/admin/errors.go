package admin

import (
	"errors"
	"net/http"

	"cutover/internal/release"
)

// The reasons for which the proxy refuses an order, besides
// release.ErrFenced.
var (
	// ErrGeneration: the table has changed since it was read. Read it again.
	ErrGeneration = errors.New("the table has changed meanwhile")
	// ErrInvalid: the order makes no sense; the message says what to change.
	ErrInvalid = errors.New("invalid")
	// ErrListen: an address cannot be opened; the message says why.
	ErrListen = errors.New("cannot listen")
	// ErrMoved: another process is taking over; nothing was done. Ask again,
	// as Client does by itself.
	ErrMoved = errors.New("another process is taking over: ask again")
)

// failure is an error on its way through the socket.
type failure struct {
	Code    string `json:"code"`
	Message string `json:"error"`
}

// codes lists what a failure can be told by on both ends.
var codes = []struct {
	err    error
	code   string
	status int
}{
	{release.ErrFenced, "fenced", http.StatusConflict},
	{ErrGeneration, "generation", http.StatusPreconditionFailed},
	{ErrInvalid, "invalid", http.StatusBadRequest},
	{ErrListen, "listen", http.StatusUnprocessableEntity},
	{ErrMoved, "moved", http.StatusServiceUnavailable},
}

func failureOf(err error) (int, failure) {
	for _, c := range codes {
		if errors.Is(err, c.err) {
			return c.status, failure{c.code, err.Error()}
		}
	}
	return http.StatusInternalServerError, failure{"internal", err.Error()}
}

// remote is a failure as the client sees it: the proxy's message, and the
// error that callers can tell it by.
type remote struct {
	message string
	is      error
}

func (r *remote) Error() string { return r.message }
func (r *remote) Unwrap() error { return r.is }

func (f failure) err() error {
	for _, c := range codes {
		if c.code == f.Code {
			return &remote{f.Message, c.err}
		}
	}
	return errors.New(f.Message)
}
