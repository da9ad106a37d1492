package switching

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"cutover/internal/release"
)

// app is one side: it answers at once, or after two seconds, and knows when
// the last request arrived.
type app struct {
	side release.Side
	at   release.Endpoint
	last atomic.Int64
}

// slowFor is how long a slow request takes.
const slowFor = 2 * time.Second

// newApp starts a side; began is when its clock stood at zero.
func newApp(b *testing.B, side release.Side, began time.Time) *app {
	b.Helper()
	a := &app{side: side}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a.last.Store(int64(time.Since(began)))
		a.answer(w, r)
	}))
	b.Cleanup(func() {
		s.CloseClientConnections()
		s.Close()
	})
	a.at = release.Endpoint{ID: string(side), Addr: strings.TrimPrefix(s.URL, "http://")}
	return a
}

func (a *app) answer(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-App-Version", string(a.side))
	if r.URL.Path == "/slow" {
		select {
		case <-time.After(slowFor):
		case <-r.Context().Done():
			return
		}
	}
	// The users check that an order is answered with its own id.
	_ = json.NewEncoder(w).Encode(map[string]string{"id": r.Header.Get("X-Request-Id")})
}

// lastArrival is when the last request came, counted from the beginning.
func (a *app) lastArrival() time.Duration { return time.Duration(a.last.Load()) }
