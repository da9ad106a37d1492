package lane

import (
	"bufio"
	"net"
	"net/http"

	"cutover/internal/proxy/guard"
)

// writer is the way back to the client. It notes what was sent and whether
// the client still took it.
type writer struct {
	http.ResponseWriter
	x *exchange
}

// WriteHeader implements http.ResponseWriter. Interim answers pass, except that
// net/http says "go on" itself as soon as the app wants the body.
func (w *writer) WriteHeader(status int) {
	if status == http.StatusContinue {
		return
	}
	if status >= 200 && w.x.status == 0 {
		w.x.status = status
		if _, ok := w.Header()["Content-Type"]; !ok {
			w.Header()["Content-Type"] = nil // the app gave none, so none is guessed
		}
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (w *writer) Write(p []byte) (int, error) {
	n, err := w.ResponseWriter.Write(p)
	if err != nil {
		w.x.writeBroke.Store(true)
	}
	return n, err
}

// FlushError is what http.ResponseController looks for.
func (w *writer) FlushError() error {
	err := http.NewResponseController(w.ResponseWriter).Flush()
	if err != nil {
		w.x.writeBroke.Store(true)
	}
	return err
}

// Hijack hands out the client's connection as one end of the tunnel.
func (w *writer) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buffered, err := http.NewResponseController(w.ResponseWriter).Hijack()
	if err != nil || w.x.tunnel == nil {
		return conn, buffered, err
	}
	w.x.status = http.StatusSwitchingProtocols
	guard.Of(w.x.request).Open()
	return w.x.tunnel.attach(conn, buffered.Reader), buffered, nil
}
