package sample

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"
)

// ErrCrashed is returned by an instance that was to break down and did.
var ErrCrashed = errors.New("the sample app crashed, as it was told to")

const (
	readHead  = 10 * time.Second
	idleLimit = 10 * time.Minute
)

// Run is one instance: it serves until ctx ends, then takes no new
// connections, completes what is in flight, ends the streams in their
// regular way and returns nil. A program that runs it lets ctx end on
// SIGTERM. An error means that it could not listen, that work was left when
// Options.Drain was over, or ErrCrashed.
func Run(ctx context.Context, o Options) (err error) {
	o = o.complete()
	log, err := openRequestLog(o.RequestLog)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, log.close()) }()
	var kept *database
	if o.Database != "" {
		if kept, err = openDatabase(ctx, o.Database, o.Version); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, kept.close()) }()
	}
	listener, err := net.Listen("tcp", o.Addr)
	if err != nil {
		return fmt.Errorf("listening for the sample app; choose another address: %w", err)
	}
	addr := listener.Addr().String()
	if o.Instance == "" {
		o.Instance = addr
	}
	s := newShop(o, log, time.Now)
	s.database = kept
	// The idle limit is long so that the side in front decides when a
	// connection ends: a short one would race with its next request.
	s.wrap = o.Wrap
	server := &http.Server{Handler: s.routes(), ReadHeaderTimeout: readHead, IdleTimeout: idleLimit}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	if o.Listening != nil {
		o.Listening(addr)
	}
	select {
	case err := <-served:
		return fmt.Errorf("serving the sample app: %w", err)
	case <-crashTime(s.behaviour):
		s.breakDown(server)
		return ErrCrashed
	case <-ctx.Done():
		return s.drain(server, o.Drain)
	}
}

// crashTime fires when the instance is to break down, if ever.
func crashTime(b Behaviour) <-chan time.Time {
	if b.CrashAfter == 0 {
		return nil
	}
	return time.After(b.CrashAfter)
}

// drain ends the instance gracefully, within the time given.
func (s *shop) drain(server *http.Server, within time.Duration) error {
	close(s.draining)
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	err := server.Shutdown(ctx)
	if err == nil {
		// No handler is left that could still open a WebSocket.
		err = s.awaitSockets(ctx)
	}
	if err != nil {
		s.breakDown(server)
		return fmt.Errorf("draining the sample app: work was left after %s and was cut: %w", within, err)
	}
	return nil
}

func (s *shop) awaitSockets(ctx context.Context) error {
	closed := make(chan struct{})
	go func() {
		s.sockets.Wait()
		close(closed)
	}()
	select {
	case <-closed:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// breakDown cuts everything.
func (s *shop) breakDown(server *http.Server) {
	close(s.broken)
	_ = server.Close()
}
