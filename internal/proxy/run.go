package proxy

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"cutover/internal/proxy/admin"
	"cutover/internal/proxy/board"
	"cutover/internal/proxy/guard"
	"cutover/internal/proxy/issuer"
	"cutover/internal/proxy/lane"
	"cutover/internal/proxy/ledger"
	"cutover/internal/proxy/mirror"
	"cutover/internal/proxy/route"
	"cutover/internal/proxy/state"
	"cutover/internal/socket"
)

// Options say where a proxy lives.
type Options struct {
	// StateDir is the folder with the table; one proxy at a time may use it.
	StateDir string
	// Socket is the admin socket; SocketIn(StateDir) if empty.
	Socket string
	// Logger takes the log; nothing is logged if nil.
	Logger *slog.Logger
	// Version is what the proxy says of itself.
	Version string
	// Drain bounds how long the end may take; 30 s if 0.
	Drain time.Duration
	// Mirror bounds what copying requests may take.
	Mirror mirror.Limits
	// ACME says how certificates are ordered.
	ACME issuer.Options
	// Takeover has the proxy that runs on the state folder hand everything
	// over to this one, and end. Where none runs, it starts like any other.
	Takeover bool
	// Linger is how long, after another process has taken over from this one,
	// connections may be idle until they are closed; 10 s if 0.
	Linger time.Duration

	// atStage is called at the stages of a takeover, atWrite at the steps of
	// keeping the table.
	atStage func(string)
	atWrite func(file, step string)
}

// headerTimeout bounds how long an order's head and body may take.
const headerTimeout = 10 * time.Second

// bindPatience is how long a starting proxy waits for the addresses of its
// table, which a predecessor may be about to give free.
const bindPatience = 5 * time.Second

// SocketIn returns where the admin socket lies in a state folder.
func SocketIn(stateDir string) string { return stateDir + "/proxy.sock" }

// Run serves the table found in the state folder, and whatever the admin
// socket changes it to, until ctx ends. Then it takes no new connections, lets
// requests end for at most Drain, closes the streams and returns nil. It
// returns an error if it cannot start.
func Run(ctx context.Context, o Options) error {
	o = o.withDefaults()
	if o.Takeover {
		if err := takeOver(ctx, o); !errors.Is(err, errNobody) {
			return err
		}
		o.Logger.Info("no proxy runs here that could be taken over: starting")
	}
	dir, err := openState(ctx, o)
	if err != nil {
		return fmt.Errorf("start proxy: %w", err)
	}
	defer dir.Close()
	dir.AtStep = o.atWrite
	table, notice, err := dir.Load()
	if err != nil {
		return fmt.Errorf("start proxy: %w", err)
	}
	if notice != "" {
		o.Logger.Warn("state repaired", "notice", notice)
	}
	orders, err := admin.Listen(o.Socket, o.Logger)
	if err != nil {
		return fmt.Errorf("start proxy: %w", err)
	}
	defer orders.Close()
	s := newServer(ctx, o, dir, notice)
	if err := s.plane.former.Find(o.StateDir); err != nil {
		return fmt.Errorf("start proxy: %w", err)
	}
	if err := s.resume(ctx, table); err != nil {
		return fmt.Errorf("start proxy: %w", err)
	}
	o.Logger.Info("proxy serves", "generation", table.Generation, "services", len(table.Services), "socket", o.Socket)
	return s.run(ctx, orders)
}

// openState locks the folder. One whose owner has just died may be locked for a
// moment longer: a takeover waits for it.
func openState(ctx context.Context, o Options) (*state.Dir, error) {
	deadline := time.Now().Add(bindPatience)
	for {
		dir, err := state.Open(o.StateDir)
		if !o.Takeover || !errors.Is(err, state.ErrHeld) || time.Now().After(deadline) || !pause(ctx, leaveEvery) {
			return dir, err
		}
	}
}

func (o Options) withDefaults() Options {
	if o.Socket == "" {
		o.Socket = SocketIn(o.StateDir)
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Drain <= 0 {
		o.Drain = 30 * time.Second
	}
	if o.Linger <= 0 {
		o.Linger = lingerFor
	}
	if o.atStage == nil {
		o.atStage = func(string) {}
	}
	return o
}

// server is a running proxy.
type server struct {
	plane *plane
	lane  *lane.Full
	drain time.Duration
	// linger and atStage are for takeovers, see Options; folder is the state's.
	linger  time.Duration
	atStage func(string)
	folder  string
}

func newServer(ctx context.Context, o Options, dir *state.Dir, notice string) *server {
	book := &ledger.Book{}
	b := board.New(book)
	full := lane.NewFull(b, o.Logger)
	tally := &guard.Tally{}
	full.Tally = tally
	full.Mirror = mirror.New(o.Mirror)
	s := &server{
		lane: full, drain: o.Drain, linger: o.Linger, atStage: o.atStage, folder: o.StateDir,
		plane: &plane{
			ctx: ctx, log: o.Logger, dir: dir, book: book, board: b, mirror: full.Mirror, tally: tally,
			doors: newDoors(full.Handler, b.Rules, tally, newRing(o, dir), o.Logger), version: o.Version, epoch: newEpoch(), started: time.Now().UTC(), notice: notice,
		},
	}
	s.plane.former.Book, s.plane.former.Log = book, o.Logger
	return s
}

// resume puts the saved table in force.
func (s *server) resume(ctx context.Context, table route.Table) error {
	p := s.plane
	deadline := time.Now().Add(bindPatience)
	for {
		fresh, err := p.doors.bind(ctx, table.Listens())
		if err == nil {
			if err := p.board.Publish(table); err != nil {
				fresh.close()
				return err
			}
			p.mirror.Follow(table)
			p.doors.ring.Follow(table)
			p.doors.serve(fresh)
			return nil
		}
		if time.Now().After(deadline) {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func (s *server) run(ctx context.Context, orders *socket.Listener) error {
	return s.runWith(ctx, orders, s.serveAdmin(orders))
}

// serveAdmin answers the admin socket; the channel gets how it ended.
func (s *server) serveAdmin(orders *socket.Listener) *adminServer {
	a := &adminServer{failed: make(chan error, 1), api: &http.Server{
		Handler:           admin.Handler(s.plane),
		ReadHeaderTimeout: headerTimeout,
		ReadTimeout:       headerTimeout,
		WriteTimeout:      time.Minute,
		ErrorLog:          slog.NewLogLogger(s.plane.log.Handler(), slog.LevelDebug),
	}}
	go func() { a.failed <- a.api.Serve(orders) }()
	return a
}

// adminServer is an admin socket that is answered.
type adminServer struct {
	api    *http.Server
	failed chan error
}

// runWith returns when ctx has ended or another process has taken over, and
// everything is drained.
func (s *server) runWith(ctx context.Context, orders *socket.Listener, a *adminServer) error {
	g := s.offer(orders)
	defer g.close()
	following, stop := context.WithCancel(ctx)
	defer stop()
	go s.keepUp(following)
	go s.plane.doors.ring.Run(following)
	var err error
	select {
	case <-ctx.Done():
	case <-g.given:
		stop()
		s.handOn(g, a)
		s.leave(ctx, g.leaving)
		return nil
	case err = <-a.failed:
		err = fmt.Errorf("serve admin socket: %w", err)
	}
	g.close()
	a.api.Close()
	s.end()
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// end drains and closes everything within the time for it. Streams would
// last for ever: they are closed once the requests have ended or the time is
// nearly over.
func (s *server) end() {
	ctx, cancel := context.WithTimeout(context.Background(), s.drain)
	defer cancel()
	idle := make(chan struct{})
	go func() {
		defer close(idle)
		s.untilIdle(ctx)
		s.plane.board.CutAll()
	}()
	if err := s.plane.doors.shutdown(ctx); err != nil {
		s.plane.log.Warn("requests were cut", "after", s.drain, "error", err)
	}
	<-idle
	s.plane.mirror.Close()
	s.plane.doors.ring.Close()
	s.lane.Close()
	s.plane.doors.close()
}

// untilIdle returns when no request is in flight, or when nine tenths of the
// time have passed.
func (s *server) untilIdle(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, s.drain*9/10)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		busy := 0
		for _, side := range s.plane.book.All() {
			busy += side.Read().Requests
		}
		if busy == 0 {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
