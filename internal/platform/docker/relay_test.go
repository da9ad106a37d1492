package docker_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// moment is one of a request of a daemon's API: before it is passed on, or
// when it was obeyed and the answer is not given yet.
type moment struct {
	method, path string
	// number counts from 1 on.
	number int
	after  bool
}

// relay stands between a platform and a daemon's socket, and strikes at a
// moment. Nobody answers there any more from then on, until it is opened again.
type relay struct {
	t    *testing.T
	path string
	to   string

	mu     sync.Mutex
	server *http.Server
	at     moment
	seen   int
	strike func()
	struck chan struct{}
}

func between(t *testing.T, socket string) *relay {
	t.Helper()
	// Not t.TempDir(): the path of a socket must be short.
	dir, err := os.MkdirTemp("", "rel")
	if err != nil {
		t.Fatal(err)
	}
	r := &relay{t: t, path: filepath.Join(dir, "s"), to: strings.TrimPrefix(socket, "unix://")}
	t.Cleanup(func() {
		r.close()
		_ = os.RemoveAll(dir)
	})
	return r
}

func (r *relay) socket() string { return "unix://" + r.path }

// open takes requests, and strikes at the moment; a strike that is nil never comes.
func (r *relay) open(at moment, strike func()) {
	r.t.Helper()
	l, err := net.Listen("unix", r.path)
	if err != nil {
		r.t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: "docker"})
	proxy.Transport = &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", r.to)
	}}
	proxy.FlushInterval = -1
	proxy.ErrorHandler = func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) }
	proxy.ModifyResponse = func(res *http.Response) error { r.pass(res.Request, true); return nil }
	r.mu.Lock()
	defer r.mu.Unlock()
	r.at, r.seen, r.strike, r.struck = at, 0, strike, make(chan struct{})
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		r.pass(q, false)
		proxy.ServeHTTP(w, q)
	})}
	r.server = server
	go func() { _ = server.Serve(l) }()
}

// pass strikes if it is time. The request is never answered then.
func (r *relay) pass(q *http.Request, after bool) {
	r.mu.Lock()
	strike := r.strike
	if strike == nil || after != r.at.after || q.Method != r.at.method || !strings.Contains(q.URL.Path, r.at.path) {
		r.mu.Unlock()
		return
	}
	if r.seen++; r.seen != r.at.number {
		r.mu.Unlock()
		return
	}
	r.strike = nil
	server, struck := r.server, r.struck
	r.mu.Unlock()
	strike()
	_ = server.Close()
	close(struck)
	panic(http.ErrAbortHandler)
}

// close ends the relay as it is now.
func (r *relay) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.server != nil {
		_ = r.server.Close()
		r.server = nil
	}
}
