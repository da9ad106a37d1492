package sample

import (
	"fmt"
	"net/http"
	"time"
)

// beat is the time between two events of a stream, or ticks of a WebSocket.
const beat = 250 * time.Millisecond

// events sends a numbered event every beat. When the instance drains the
// stream gets an event "bye" and ends in the regular way, so that a client
// can tell an end from a cut.
func (s *shop) events(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	out := http.NewResponseController(w)
	tick := time.NewTicker(beat)
	defer tick.Stop()
	for n := 1; ; n++ {
		fmt.Fprintf(w, "id: %d\nevent: tick\ndata: {\"seq\":%d,\"version\":%q,\"instance\":%q}\n\n", n, n, s.version, s.instance)
		if out.Flush() != nil {
			return
		}
		select {
		case <-tick.C:
		case <-s.draining:
			fmt.Fprint(w, "event: bye\ndata: {}\n\n")
			return
		case <-r.Context().Done():
			return
		}
	}
}
