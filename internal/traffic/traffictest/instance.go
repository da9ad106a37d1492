package traffictest

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"cutover/internal/release"
)

// instance is one instance of a side. It says which it is, holds a request to
// /wait until it is let go, and can be watched.
type instance struct {
	at   release.Endpoint
	side release.Side
	// late counts requests that come while closed is set.
	closed atomic.Bool
	late   atomic.Int64
	all    atomic.Int64
	letGo  chan struct{}
	once   sync.Once
	waits  atomic.Int64
}

var numbers atomic.Int64

func newInstance(t testing.TB, side release.Side) *instance {
	t.Helper()
	i := &instance{side: side, letGo: make(chan struct{})}
	s := httptest.NewServer(http.HandlerFunc(i.answer))
	t.Cleanup(func() {
		i.release()
		s.CloseClientConnections()
		s.Close()
	})
	i.at = release.Endpoint{ID: fmt.Sprintf("%s-%d", side, numbers.Add(1)), Addr: strings.TrimPrefix(s.URL, "http://")}
	return i
}

func (i *instance) release() { i.once.Do(func() { close(i.letGo) }) }

func (i *instance) answer(w http.ResponseWriter, r *http.Request) {
	i.all.Add(1)
	if i.closed.Load() {
		i.late.Add(1)
	}
	w.Header().Set("X-Side", string(i.side))
	w.Header().Set("X-Instance", i.at.ID)
	switch r.URL.Path {
	case "/wait":
		i.waits.Add(1)
		select {
		case <-i.letGo:
		case <-r.Context().Done():
		}
	case "/slow":
		timer := time.NewTimer(30 * time.Millisecond)
		defer timer.Stop()
		<-timer.C
	case "/fail":
		w.WriteHeader(http.StatusInternalServerError)
	}
	_, _ = io.WriteString(w, string(i.side))
}
