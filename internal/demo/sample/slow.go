package sample

import (
	"fmt"
	"net/http"
	"strconv"
	"time"
)

const (
	defaultSlow = 2000
	longestSlow = 60_000
)

// slow answers after ms milliseconds, also while the instance drains. With
// early=1 the head and the first bytes leave at once, so that a client knows
// its request has arrived while the answer is still under way.
func (s *shop) slow(w http.ResponseWriter, r *http.Request) {
	ms := defaultSlow
	if asked := r.URL.Query().Get("ms"); asked != "" {
		n, err := strconv.Atoi(asked)
		if err != nil || n < 0 || n > longestSlow {
			http.Error(w, fmt.Sprintf("ms is %q; send 0 to %d", asked, longestSlow), http.StatusBadRequest)
			return
		}
		ms = n
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	if r.URL.Query().Get("early") == "1" {
		fmt.Fprintln(w, "wait")
		if http.NewResponseController(w).Flush() != nil {
			return
		}
	}
	timer := time.NewTimer(time.Duration(ms) * time.Millisecond)
	defer timer.Stop()
	select {
	case <-timer.C:
		fmt.Fprintf(w, "done after %d ms\n", ms)
	case <-r.Context().Done():
	}
}
