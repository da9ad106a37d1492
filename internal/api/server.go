package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/user"
	"strconv"
	"time"

	"cutover/internal/engine"
	"cutover/internal/release"

	"golang.org/x/sys/unix"
)

// maxBody bounds a request's body, in bytes: requests name files, they do not
// carry them.
const maxBody = 1 << 20

// Server answers requests.
type Server struct {
	Reader  Reader
	Writer  Writer
	Planner Planner
	Trail   Trail
	Info    Info
	Logger  *slog.Logger
}

// Serve answers on the listener until ctx ends, then lets requests complete
// for a moment.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	srv := &http.Server{
		Handler:           s.routes(),
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       30 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ConnContext:       withPeer,
		ErrorLog:          slog.NewLogLogger(s.Logger.Handler(), slog.LevelWarn),
	}
	stop := context.AfterFunc(ctx, func() {
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		if srv.Shutdown(ctx) != nil {
			srv.Close()
		}
	})
	defer stop()
	if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve the API: %w", err)
	}
	return nil
}

func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/info", s.info)
	mux.HandleFunc("GET /v1/apps", s.apps)
	mux.HandleFunc("GET /v1/releases", s.releases)
	mux.HandleFunc("GET /v1/releases/{name}", s.view)
	mux.HandleFunc("GET /v1/journal", s.journal)
	mux.HandleFunc("POST /v1/plan", s.plan)
	mux.HandleFunc("POST /v1/deploy", s.deploy)
	mux.HandleFunc("POST /v1/releases/{name}/{verb}", s.request)
	mux.HandleFunc("POST /v1/apps/{app}/allow", s.allow)
	return mux
}

func (s *Server) info(w http.ResponseWriter, _ *http.Request) {
	info := s.Info
	info.Generation, info.Leading = s.Reader.Leading()
	answer(w, info)
}

func (s *Server) apps(w http.ResponseWriter, _ *http.Request) {
	answer(w, append([]release.Standing{}, s.Reader.Standings()...))
}

func (s *Server) releases(w http.ResponseWriter, r *http.Request) {
	app := r.URL.Query().Get("app")
	list := []release.State{}
	for _, st := range s.Reader.Releases() {
		if app == "" || st.App == app {
			list = append(list, st)
		}
	}
	answer(w, list)
}

func (s *Server) view(w http.ResponseWriter, r *http.Request) {
	v, ok := s.Reader.View(r.PathValue("name"))
	if !ok {
		s.unknown(w, r.PathValue("name"))
		return
	}
	answer(w, v)
}

func (s *Server) unknown(w http.ResponseWriter, name string) {
	if _, leading := s.Reader.Leading(); !leading {
		s.fail(w, engine.ErrNotLeading)
		return
	}
	write(w, http.StatusNotFound, Failure{Kind: "unknown", Error: fmt.Sprintf("there is no release named %q; `cutover history` lists them", name)})
}

func (s *Server) plan(w http.ResponseWriter, r *http.Request) {
	if p, ok := s.planned(w, r); ok {
		answer(w, p)
	}
}

func (s *Server) planned(w http.ResponseWriter, r *http.Request) (release.Plan, bool) {
	var files Files
	if !read(w, r, &files) {
		return release.Plan{}, false
	}
	if _, leading := s.Reader.Leading(); !leading {
		s.fail(w, engine.ErrNotLeading)
		return release.Plan{}, false
	}
	p, err := s.Planner.Plan(r.Context(), files)
	if err != nil {
		write(w, http.StatusBadRequest, Failure{Kind: "usage", Error: err.Error()})
		return p, false
	}
	p.Author = who(r)
	return p, true
}

func (s *Server) deploy(w http.ResponseWriter, r *http.Request) {
	p, ok := s.planned(w, r)
	if !ok {
		return
	}
	lines, err := s.Trail.Lines(r.Context(), 0, "", p.Release, 1)
	if err != nil {
		s.fail(w, err)
		return
	}
	resumed, err := s.Writer.Deploy(r.Context(), p, who(r))
	if err != nil {
		s.fail(w, err)
		return
	}
	d := Deployed{Release: p.Release, Resumed: resumed}
	if len(lines) > 0 {
		d.After = lines[0].Seq - 1
	}
	answer(w, d)
}

func (s *Server) request(w http.ResponseWriter, r *http.Request) {
	var ask Ask
	if !read(w, r, &ask) {
		return
	}
	name := r.PathValue("name")
	if _, ok := s.Reader.View(name); !ok {
		s.unknown(w, name)
		return
	}
	if err := s.Writer.Request(r.Context(), name, release.Verb(r.PathValue("verb")), who(r), ask.Reason); err != nil {
		s.fail(w, err)
		return
	}
	s.view(w, r)
}

func (s *Server) allow(w http.ResponseWriter, r *http.Request) {
	var ask AllowVersion
	if !read(w, r, &ask) {
		return
	}
	if err := s.Writer.Allow(r.Context(), r.PathValue("app"), ask.Version, who(r), ask.Reason); err != nil {
		s.fail(w, err)
		return
	}
	answer(w, struct{}{})
}

// longestWait bounds how long a reader may wait for new records.
const longestWait = 25 * time.Second

// journal returns records; with wait it holds the answer back until there is
// at least one, or that many seconds have passed.
func (s *Server) journal(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	after, err1 := number(q.Get("after"))
	limit, err2 := number(q.Get("limit"))
	wait, err3 := number(q.Get("wait"))
	if err := errors.Join(err1, err2, err3); err != nil {
		write(w, http.StatusBadRequest, Failure{Kind: "usage", Error: "after, limit and wait are whole numbers: " + err.Error()})
		return
	}
	deadline := time.NewTimer(min(time.Duration(wait)*time.Second, longestWait))
	defer deadline.Stop()
	for {
		changed := s.Reader.Changed()
		lines, err := s.Trail.Lines(r.Context(), after, q.Get("app"), q.Get("release"), int(limit))
		if err != nil {
			s.fail(w, err)
			return
		}
		if len(lines) > 0 || wait == 0 {
			answer(w, append([]Line{}, lines...))
			return
		}
		select {
		case <-changed:
		case <-deadline.C:
			wait = 0
		case <-r.Context().Done():
			return
		}
	}
}

func number(s string) (int64, error) {
	if s == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err == nil && n < 0 {
		err = fmt.Errorf("%d is negative", n)
	}
	return n, err
}

func (s *Server) fail(w http.ResponseWriter, err error) {
	f, code := Failure{Error: err.Error(), Kind: "failed"}, http.StatusInternalServerError
	switch {
	case errors.Is(err, engine.ErrRefused):
		f.Kind, code = "refused", http.StatusConflict
	case errors.Is(err, engine.ErrNotLeading):
		code = http.StatusServiceUnavailable
	}
	write(w, code, f)
}

func answer(w http.ResponseWriter, body any) { write(w, http.StatusOK, body) }

func write(w http.ResponseWriter, code int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	// A failed write means that the client has gone; there is nobody to tell.
	_ = json.NewEncoder(w).Encode(body)
}

func read(w http.ResponseWriter, r *http.Request, into any) bool {
	dec := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		write(w, http.StatusBadRequest, Failure{Kind: "usage", Error: "read the request: " + err.Error()})
		return false
	}
	return true
}

type peerKey struct{}

// withPeer remembers which user is at the other end of the socket, as the
// kernel says it.
func withPeer(ctx context.Context, c net.Conn) context.Context {
	uc, ok := c.(*net.UnixConn)
	if !ok {
		return ctx
	}
	raw, err := uc.SyscallConn()
	if err != nil {
		return ctx
	}
	var cred *unix.Ucred
	if raw.Control(func(fd uintptr) { cred, err = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED) }) != nil || err != nil {
		return ctx
	}
	name := "uid " + strconv.Itoa(int(cred.Uid))
	if u, err := user.LookupId(strconv.Itoa(int(cred.Uid))); err == nil {
		name = u.Username
	}
	return context.WithValue(ctx, peerKey{}, name)
}

// who returns the user behind a request.
func who(r *http.Request) string {
	if name, ok := r.Context().Value(peerKey{}).(string); ok {
		return name
	}
	return "somebody"
}

// Listen opens the socket at path, readable and writable by its owner only. A
// socket that nobody answers on any more is replaced; one that is in use is an
// error.
func Listen(path string) (net.Listener, error) {
	if len(path) > 100 {
		return nil, fmt.Errorf("listen on %s: the path has %d bytes, sockets allow about 100; choose a shorter --state folder", path, len(path))
	}
	if c, err := net.DialTimeout("unix", path, time.Second); err == nil {
		c.Close()
		return nil, fmt.Errorf("listen on %s: another controller answers there", path)
	}
	if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
		return nil, fmt.Errorf("remove the old socket: %w", err)
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", path, err)
	}
	// The folder is private already, so nobody can have got in before this.
	if err := os.Chmod(path, 0o600); err != nil {
		l.Close()
		return nil, fmt.Errorf("protect the socket: %w", err)
	}
	return l, nil
}
