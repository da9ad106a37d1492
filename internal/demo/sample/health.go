package sample

import (
	"net/http"
	"time"
)

// health answers 200 only while the instance may get new work.
func (s *shop) health(w http.ResponseWriter, _ *http.Request) {
	switch {
	case over(s.draining):
		http.Error(w, "draining", http.StatusServiceUnavailable)
	case s.behaviour.NeverReady:
		http.Error(w, "never ready", http.StatusServiceUnavailable)
	case s.now().Sub(s.started) < s.behaviour.WarmFor:
		http.Error(w, "warming", http.StatusServiceUnavailable)
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
