package former

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"

	"cutover/internal/proxy/ledger"
	"cutover/internal/proxy/route"
	"cutover/internal/release"
)

// Link is what a proxy knows of one before it.
type Link struct {
	// Socket is where that one listens.
	Socket string `json:"socket"`
	// Seq is the last event of it that was counted.
	Seq uint64 `json:"seq,omitempty"`
	// Base is what to leave out of its accounts. A proxy that was Found has
	// handed over to somebody else: its first account is the base.
	Base  Base `json:"base,omitempty"`
	Found bool `json:"found,omitempty"`
	// Last is its last account.
	Last Account `json:"last"`
}

// Ancestry is all that a proxy knows of those before it.
type Ancestry struct {
	// Settled are the sums of those that have ended.
	Settled  Readings `json:"settled,omitempty"`
	Unrouted uint64   `json:"unrouted,omitempty"`
	// Links are those that have not.
	Links []Link `json:"links,omitempty"`
}

// Line keeps up with the proxies before this one. The zero Line has none. Its
// methods may be called from several goroutines.
type Line struct {
	// Book counts what happens to users.
	Book *ledger.Book
	Log  *slog.Logger

	mu sync.Mutex
	a  Ancestry
}

// Take makes a the ancestry, with the proxies in it that still run.
func (l *Line) Take(a Ancestry) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.a = a
}

// Freeze returns the ancestry to hand it on. No account is read until thaw is
// called, or for ever.
func (l *Line) Freeze() (a Ancestry, thaw func()) {
	l.mu.Lock()
	return l.a, l.mu.Unlock
}

// Drop forgets everything: a successor has it. It is called while frozen.
func (l *Line) Drop() { l.a = Ancestry{} }

// Read brings every account up to date and returns what all have done. Each has
// to take the table, if it does not yet. It fails if one neither answers nor is
// gone: then nobody knows what it carries.
func (l *Line) Read(ctx context.Context, table route.Table) (Readings, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, err := l.refresh(ctx, table, false); err != nil {
		return nil, err
	}
	return l.sum(), nil
}

// Follow has every former proxy take the table, and returns how many of their
// requests had not reached their instance on the old way when they stopped
// waiting for them. It fails like Read; repeat it then.
func (l *Line) Follow(ctx context.Context, table route.Table) (unsettled int64, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.refresh(ctx, table, true)
}

func (l *Line) refresh(ctx context.Context, table route.Table, settle bool) (unsettled int64, err error) {
	var errs []error
	kept := l.a.Links[:0:0]
	for _, link := range l.a.Links {
		n, ended, err := l.visit(ctx, &link, table, settle)
		unsettled += n
		if err != nil {
			errs = append(errs, fmt.Errorf("process %d, which this one took over from: %w", link.Last.PID, err))
		}
		if !ended {
			kept = append(kept, link)
		}
	}
	l.a.Links = kept
	return unsettled, errors.Join(errs...)
}

func (l *Line) sum() Readings {
	sum := l.a.Settled
	for _, link := range l.a.Links {
		sum = sum.Add(link.Base.since(link.Last.Apps))
	}
	return sum
}

// Unrouted returns how many requests those before could not route.
func (l *Line) Unrouted() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := l.a.Unrouted
	for _, link := range l.a.Links {
		n += link.Last.Unrouted
	}
	return n
}

// Left returns the processes that still run; one that has never answered is 0.
func (l *Line) Left() []int {
	l.mu.Lock()
	defer l.mu.Unlock()
	var pids []int
	for _, link := range l.a.Links {
		pids = append(pids, link.Last.PID)
	}
	return pids
}

// visit asks one former proxy. ended says that it is in the sums and is not to
// be asked again.
func (l *Line) visit(ctx context.Context, link *Link, table route.Table, settle bool) (unsettled int64, ended bool, err error) {
	c := NewClient(link.Socket)
	err = l.ask(ctx, c, link)
	if err == nil && (settle || link.Last.Generation != table.Generation) && !link.Last.Done {
		if unsettled, err = c.Follow(ctx, table); err == nil {
			err = l.ask(ctx, c, link)
		}
	}
	switch {
	case errors.Is(err, ErrGone):
		l.settle(link, link.Last.Apps.each(func(_ string, _ release.Side, r ledger.Reading) ledger.Reading { return r.Gone() }))
		_ = os.Remove(link.Socket) // nobody listens there; at the worst the name stays
		if link.Last.PID != 0 {
			l.Log.Warn("the former proxy died before it had ended its requests", "pid", link.Last.PID)
		}
		return 0, true, nil
	case err != nil:
		return unsettled, false, err
	case link.Last.Done:
		l.settle(link, link.Last.Apps)
		if err := c.Farewell(ctx); err != nil {
			l.Log.Debug("the former proxy did not hear the farewell", "error", err) // it ends by itself
		}
		l.Log.Info("the former proxy has ended its requests", "pid", link.Last.PID)
		return 0, true, nil
	}
	return unsettled, false, nil
}

func (l *Line) ask(ctx context.Context, c *Client, link *Link) error {
	a, err := c.Account(ctx, link.Seq)
	if err != nil {
		return err
	}
	l.Book.Count(a.Events)
	if n := len(a.Events); n > 0 {
		link.Seq = a.Events[n-1].Seq
	}
	if link.Found && link.Base == nil {
		link.Base = BaseOf(a.Apps)
	}
	a.Events = nil
	link.Last = a
	return nil
}

func (l *Line) settle(link *Link, last Readings) {
	l.a.Settled = l.a.Settled.Add(link.Base.since(last))
	l.a.Unrouted += link.Last.Unrouted
}

// CloseStreams passes the order on and returns how many streams it concerns.
func (l *Line) CloseStreams(ctx context.Context, app string, side release.Side, only []string) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	total := 0
	var errs []error
	for _, link := range l.a.Links {
		n, err := NewClient(link.Socket).CloseStreams(ctx, app, side, only)
		total += n
		if err != nil && !errors.Is(err, ErrGone) {
			errs = append(errs, err)
		}
	}
	return total, errors.Join(errs...)
}

// Find looks for former proxies that outlived the one they handed over to, and
// counts what they do from their next account on.
func (l *Line) Find(dir string) error {
	paths, err := Paths(dir)
	if err != nil {
		return fmt.Errorf("look for former proxies: %w", err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, path := range paths {
		l.a.Links = append(l.a.Links, Link{Socket: path, Found: true})
	}
	return nil
}
