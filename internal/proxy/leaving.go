package proxy

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"sync/atomic"
	"time"

	"cutover/internal/proxy/admin"
	"cutover/internal/proxy/former"
	"cutover/internal/proxy/route"
	"cutover/internal/release"
)

const (
	// lingerFor is how long connections may be idle after a takeover until
	// they are closed: a client that is about to send on one must not find it
	// closed.
	lingerFor = 10 * time.Second
	// leaveWithin bounds the life of a proxy that was taken over from.
	leaveWithin = time.Hour
	// farewellWithin is how long it waits for its successor to read its last
	// account: longer than a takeover lasts, in which nothing is read.
	farewellWithin = 3 * handoverPatience
	// partingWithin is the same for one that was told to end.
	partingWithin = 2 * time.Second
	leaveEvery    = 25 * time.Millisecond
)

// leaving is a proxy that another one has taken over from, as that one sees
// it.
type leaving struct {
	path      string
	plane     *plane
	server    *http.Server
	committed atomic.Bool
	done      atomic.Bool
	farewell  chan struct{}
	said      atomic.Bool
}

var _ former.Plane = (*leaving)(nil)

// open listens for the successor.
func (l *leaving) open(p *plane) error {
	ln, err := admin.Listen(l.path, p.log)
	if err != nil {
		return fmt.Errorf("listen for the successor: %w", err)
	}
	l.plane = p
	l.server = &http.Server{Handler: former.Handler(l), ReadHeaderTimeout: headerTimeout, ReadTimeout: headerTimeout, WriteTimeout: time.Minute}
	go func(s *http.Server, ln net.Listener) {
		if err := s.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
			p.log.Error("stopped listening for the successor", "error", err)
		}
	}(l.server, ln)
	return nil
}

// close takes open back.
func (l *leaving) close() {
	if l.server != nil {
		l.server.Close()
		l.server = nil
	}
}

// commit says that there is a successor: what it has read it keeps.
func (l *leaving) commit() { l.committed.Store(true) }

// Account implements former.Plane.
func (l *leaving) Account(after uint64) former.Account {
	// Asked first: nothing is added to an account that is done.
	done := l.done.Load()
	if l.committed.Load() {
		l.plane.book.Forget(after)
	}
	return former.Account{
		PID: os.Getpid(), Generation: l.plane.board.Table().Generation, Done: done, Unrouted: l.plane.board.Unrouted(),
		Apps: l.plane.book.Readings(), Events: l.plane.book.Events(after),
	}
}

// Follow implements former.Plane. Addresses and disk are the successor's.
func (l *leaving) Follow(ctx context.Context, table route.Table) (int64, error) {
	p := l.plane
	p.mu.Lock() // as long as the takeover lasts
	if !l.committed.Load() {
		p.mu.Unlock()
		return 0, errors.New("the takeover failed")
	}
	if table.Generation > p.board.Table().Generation {
		if err := p.board.Publish(table); err != nil {
			p.mu.Unlock()
			return 0, fmt.Errorf("publish the table: %w", err)
		}
		p.mirror.Follow(table)
	}
	p.mu.Unlock()
	wait, cancel := context.WithTimeout(ctx, settleTimeout)
	defer cancel()
	return p.board.Settle(wait), nil
}

// CloseStreams implements former.Plane.
func (l *leaving) CloseStreams(app string, side release.Side, only []string) int {
	s, _ := l.plane.board.Table().Service(app)
	return l.plane.board.CloseStreams(l.plane.ctx, app, side, only, s.Route.Front.StreamSpread)
}

// Farewell implements former.Plane.
func (l *leaving) Farewell() {
	if l.done.Load() && l.said.CompareAndSwap(false, true) {
		close(l.farewell)
	}
}

// leave carries what is left to its end, says so and returns when the
// successor knows.
func (s *server) leave(ctx context.Context, l *leaving) {
	defer l.close()
	p := s.plane
	p.doors.leave()
	p.log.Info("another process has taken over, this one ends its requests")
	s.finish(ctx)
	s.end()
	l.done.Store(true)
	patience := farewellWithin
	if ctx.Err() != nil {
		patience = partingWithin
	}
	select {
	case <-l.farewell:
		p.log.Info("all requests have ended")
	case <-time.After(patience):
		p.log.Warn("all requests have ended, but no successor asked for the last account")
	}
}

// finish returns when nothing is in flight and no connection is left on which
// something could come, or when ctx or the time has ended.
func (s *server) finish(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, leaveWithin)
	defer cancel()
	began := time.Now()
	for time.Since(began) < s.linger {
		s.parted(ctx, time.Since(began))
		if !pause(ctx, leaveEvery) {
			return
		}
	}
	empty := make(chan struct{})
	go func() {
		defer close(empty)
		_ = s.plane.doors.shutdown(ctx) // fails only with ctx, which is looked at below
	}()
	for {
		idle := s.parted(ctx, time.Since(began))
		select {
		case <-empty:
			if idle {
				return
			}
		default:
		}
		if !pause(ctx, leaveEvery) {
			return
		}
	}
}

// parted reports whether nothing is in flight, and begins to close the streams
// whose grace is over.
func (s *server) parted(ctx context.Context, took time.Duration) bool {
	p, idle := s.plane, true
	table := p.board.Table()
	for _, side := range p.book.All() {
		requests, streams := side.InFlight()
		idle = idle && requests+streams == 0
		app, color := side.Name()
		service, _ := table.Service(app)
		front := service.Route.Front
		if streams > 0 && took >= front.StreamGrace {
			p.board.CloseStreams(ctx, app, color, nil, front.StreamSpread)
		}
	}
	return idle
}

// pause returns false if ctx ended first.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
