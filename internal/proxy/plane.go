package proxy

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"cutover/internal/proxy/admin"
	"cutover/internal/proxy/board"
	"cutover/internal/proxy/former"
	"cutover/internal/proxy/guard"
	"cutover/internal/proxy/ledger"
	"cutover/internal/proxy/mirror"
	"cutover/internal/proxy/route"
	"cutover/internal/proxy/state"
	"cutover/internal/release"
	"cutover/internal/shadow/record"
)

// settleTimeout bounds how long a change waits for requests that took the
// old route to reach their instance: longer than connecting twice may take.
const settleTimeout = 7 * time.Second

// plane carries out what comes in over the admin socket.
type plane struct {
	ctx     context.Context // ends with the process
	log     *slog.Logger
	dir     *state.Dir
	book    *ledger.Book
	board   *board.Board
	doors   *doors
	mirror  *mirror.Mirror
	tally   *guard.Tally
	version string
	epoch   string
	started time.Time
	notice  string

	// former are the processes that this one took over from.
	former former.Line
	// moved says that another process has taken over, or is about to.
	moved atomic.Bool

	// mu makes changes of the table follow one another.
	mu sync.Mutex
}

var _ admin.Plane = (*plane)(nil)

func newEpoch() string { return rand.Text() }

// Health implements admin.Plane.
func (p *plane) Health() admin.Health {
	table := p.board.Table()
	return admin.Health{
		PID: os.Getpid(), Version: p.version, Epoch: p.epoch, Started: p.started,
		Generation: table.Generation, Fence: table.Fence,
		Unrouted: p.board.Unrouted() + p.former.Unrouted(), Refused: p.tally.Read(), Former: p.former.Left(), Notice: p.notice,
		Certificates: p.doors.ring.Report(),
	}
}

// Table implements admin.Plane.
func (p *plane) Table() route.Table { return p.board.Table() }

// Stats implements admin.Plane. The route is read before the accounts, so
// that a side it shows as idle has no uncounted request. A reading that a
// takeover may have overtaken is not given out: the successor counts already.
func (p *plane) Stats(ctx context.Context, app string) (admin.Stats, error) {
	if p.moved.Load() {
		return admin.Stats{}, admin.ErrMoved
	}
	table := p.board.Table()
	s, served := table.Service(app)
	before, err := p.former.Read(ctx, table)
	if err != nil {
		return admin.Stats{}, fmt.Errorf("read the accounts: %w", err)
	}
	stats := admin.Stats{
		Epoch: p.epoch, Served: served, Generation: s.Generation, Route: s.Route,
		Sides: release.Sides[ledger.Reading]{
			Blue:  p.book.Of(app, release.Blue).Read().Plus(before[app].Blue),
			Green: p.book.Of(app, release.Green).Read().Plus(before[app].Green),
		},
		Excluded: release.Sides[[]release.Excluded]{
			Blue:  p.board.Excluded(app, release.Blue),
			Green: p.board.Excluded(app, release.Green),
		},
		Held:       p.board.Held(app),
		Comparison: p.mirror.Comparison(app, s.Route.Salt),
	}
	if p.moved.Load() {
		return admin.Stats{}, admin.ErrMoved
	}
	return stats, nil
}

// Requests implements admin.Plane.
func (p *plane) Requests(of admin.Recording) (<-chan record.Request, func()) {
	return p.mirror.Listen(of.App, of.Share, of.Wanted, of.Left)
}

// CloseStreams implements admin.Plane.
func (p *plane) CloseStreams(c admin.CloseStreams) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.moved.Load() {
		return 0, admin.ErrMoved
	}
	table := p.board.Table()
	if err := fenced(table, c.Fence); err != nil {
		return 0, err
	}
	if c.Fence > table.Fence {
		if err := p.replace(p.ctx, table.Fenced(c.Fence)); err != nil {
			return 0, err
		}
	}
	s, _ := table.Service(c.App)
	n := p.board.CloseStreams(p.ctx, c.App, c.Side, c.Instances, s.Route.Front.StreamSpread)
	before, err := p.former.CloseStreams(p.ctx, c.App, c.Side, c.Instances)
	return n + before, err
}

// Change implements admin.Plane.
func (p *plane) Change(ctx context.Context, c admin.Change) (admin.Changed, error) {
	generation, err := p.change(ctx, c)
	if err != nil {
		return admin.Changed{}, err
	}
	// The change is made, whether or not the caller is still there; an equal
	// order waits too, for the one before it may have been interrupted here.
	// The processes before this one have to make it, too.
	wait, cancel := context.WithTimeout(ctx, settleTimeout)
	defer cancel()
	unsettled := p.board.Settle(wait)
	before, err := p.former.Follow(ctx, p.board.Table())
	if err != nil {
		return admin.Changed{}, fmt.Errorf("the table is in force here, but not everywhere: %w", err)
	}
	return admin.Changed{Generation: generation, Unsettled: unsettled + before}, nil
}

func (p *plane) change(ctx context.Context, c admin.Change) (uint64, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.moved.Load() {
		return 0, admin.ErrMoved
	}
	table := p.board.Table()
	if err := fenced(table, c.Fence); err != nil {
		return 0, err
	}
	if c.Generation != table.Generation {
		return 0, fmt.Errorf("%w: it is at generation %d, the order was made for %d", admin.ErrGeneration, table.Generation, c.Generation)
	}
	next := table.Fenced(c.Fence)
	have, served := table.Service(c.App)
	switch {
	case c.Service == nil:
		next = next.Without(c.App)
	case !served || !have.Same(*c.Service):
		next = next.With(*c.Service)
	}
	if next.Generation == table.Generation && next.Fence == table.Fence {
		return table.Generation, p.complete()
	}
	if err := next.Check(); err != nil {
		return 0, fmt.Errorf("%w: %w", admin.ErrInvalid, err)
	}
	if err := p.doors.ring.Check(c.App, next, table); err != nil {
		return 0, fmt.Errorf("%w: app %q: %w", admin.ErrInvalid, c.App, err)
	}
	if err := p.replace(ctx, next); err != nil {
		return 0, err
	}
	p.log.Info("table changed", "app", c.App, "generation", next.Generation, "fence", next.Fence)
	return next.Generation, nil
}

// replace puts next in force, which must pass Check: addresses first, then
// the disk, then the requests. Where a step fails the table before stays, but
// for the last step: what is in force then is on disk once, and repeating the
// order completes it.
func (p *plane) replace(ctx context.Context, next route.Table) error {
	fresh, err := p.doors.bind(ctx, next.Listens())
	if err != nil {
		return err
	}
	again, err := p.doors.turning(next)
	if err != nil {
		fresh.close()
		return err
	}
	unbind := func() { fresh.close(); again.close() }
	if err := p.dir.Begin(next); err != nil {
		unbind()
		return fmt.Errorf("keep the table: %w", err)
	}
	if err := p.board.Publish(next); err != nil {
		unbind()
		return fmt.Errorf("publish the table: %w", err)
	}
	p.mirror.Follow(next)
	p.doors.ring.Follow(next)
	p.doors.serve(fresh)
	p.doors.turn(again)
	p.doors.keep(next.Listens())
	return p.complete()
}

// complete makes the table in force as durable as it must be before an order
// is acknowledged.
func (p *plane) complete() error {
	if err := p.dir.Complete(); err != nil {
		return fmt.Errorf("keep the second copy of the table, which is in force; repeat the order: %w", err)
	}
	return nil
}

func fenced(table route.Table, fence uint64) error {
	if fence < table.Fence {
		return fmt.Errorf("%w: the order is from generation %d of the lease, the proxy has seen %d", release.ErrFenced, fence, table.Fence)
	}
	return nil
}
