package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// Server answers requests.
type Server struct {
	Reader  Reader
	Writer  Writer
	Planner Planner
	Trail   Trail
	// Databases may be nil: then nothing is known of them.
	Databases Databases
	// Adopter may be nil: then nothing can be adopted.
	Adopter Adopter
	Info    Info
	// Logger hears of connections that fail; nil means nobody does.
	Logger *slog.Logger
}

// Serve answers on the listener until ctx ends, then lets requests complete
// for a moment; readers that wait for news are sent away at once. No connection
// is open any more when it returns.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	logger := s.Logger
	if logger == nil {
		logger = slog.New(slog.DiscardHandler)
	}
	srv := &http.Server{
		Handler:           s.routes(ctx.Done()),
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       30 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ConnContext:       withPeer,
		ErrorLog:          slog.NewLogLogger(logger.Handler(), slog.LevelWarn),
	}
	closed := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(closed)
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
		defer cancel()
		if srv.Shutdown(ctx) != nil {
			srv.Close()
		}
	})
	err := srv.Serve(l)
	if !stop() {
		<-closed
	}
	if !errors.Is(err, http.ErrServerClosed) {
		srv.Close()
		return fmt.Errorf("serve the API: %w", err)
	}
	return nil
}

func (s *Server) routes(closing <-chan struct{}) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/info", s.info)
	mux.HandleFunc("GET /v1/apps", s.apps)
	mux.HandleFunc("GET /v1/releases", s.releases)
	mux.HandleFunc("GET /v1/releases/{name}", s.view)
	mux.HandleFunc("GET /v1/journal", func(w http.ResponseWriter, r *http.Request) { s.journal(w, r, closing) })
	mux.HandleFunc("POST /v1/plan", s.plan)
	mux.HandleFunc("POST /v1/deploy", s.deploy)
	mux.HandleFunc("POST /v1/releases/{name}/full-rollback", s.fullRollback)
	mux.HandleFunc("POST /v1/releases/{name}/{verb}", s.request)
	if s.Databases != nil {
		mux.HandleFunc("POST /v1/rehearse", s.rehearse)
		mux.HandleFunc("GET /v1/releases/{name}/schema", s.verifySchema)
		mux.HandleFunc("GET /v1/apps/{app}/backups", s.backups)
		mux.HandleFunc("POST /v1/apps/{app}/backups/{name}/verify", s.verifyBackup)
	}
	if s.Adopter != nil {
		mux.HandleFunc("POST /v1/adopt", s.adopt)
	}
	mux.HandleFunc("POST /v1/apps/{app}/allow", s.allow)
	mux.HandleFunc("GET /v1/apps/{app}/flags", s.flags)
	mux.HandleFunc("POST /v1/apps/{app}/flags/{flag}", s.switchFlag)
	mux.HandleFunc("POST /v1/apps/{app}/restart", s.restart)
	return mux
}
