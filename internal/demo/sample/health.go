package sample

import (
	"net/http"
	"time"
)

// health answers 200 only while the instance may get new work, which takes a
// database of a shape that this version knows.
func (s *shop) health(w http.ResponseWriter, r *http.Request) {
	switch {
	case over(s.draining):
		http.Error(w, "draining", http.StatusServiceUnavailable)
	case s.behaviour.NeverReady:
		http.Error(w, "never ready", http.StatusServiceUnavailable)
	case s.now().Sub(s.started) < s.behaviour.WarmFor:
		http.Error(w, "warming", http.StatusServiceUnavailable)
	case s.database != nil:
		if err := s.database.fits(r.Context()); err != nil {
			http.Error(w, "the database does not fit this version: "+err.Error(), http.StatusServiceUnavailable)
			return
		}
		fallthrough
	default:
		_, _ = w.Write([]byte("ok\n"))
	}
}

// about answers what runs here.
func (s *shop) about(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, map[string]any{
		"version":  s.version,
		"instance": s.instance,
		"started":  s.started.UTC().Format(time.RFC3339Nano),
		"orders":   s.orders.count(),
	})
}
