package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"cutover/internal/release"
)

// tablePages is the size of the one table that a test's fill goes through, a
// page in pageTime.
const (
	tablePages = 100
	pageTime   = 100 * time.Millisecond
)

var errUnfit = errors.New("the old code would write to a version without its column")

// database is a database in memory that knows a single change.
type database struct {
	mu                           sync.Mutex
	expanded, filled, contracted bool
	// pages counts how often each page was filled.
	pages [tablePages]int
	// paused counts how often a fill stood still.
	paused  int
	backups []string
	// prepared and exchanged say how far a backup is on its way back.
	prepared, exchanged bool
	// finds is what a rehearsal finds.
	finds release.Rehearsed
	// calls lists the orders that reached it, in order.
	calls []string
}

func (d *database) change(f func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	f()
}

func (d *database) called(format string, args ...any) {
	d.change(func() { d.calls = append(d.calls, fmt.Sprintf(format, args...)) })
}

// seen returns the orders so far.
func (d *database) seen() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.calls)
}

// handDatabase is the schema port of one controller.
type handDatabase struct{ *hand }

func (h handDatabase) Observe(context.Context, release.SchemaOrder) (w release.SchemaWorld, err error) {
	if err := h.reach(); err != nil {
		return w, err
	}
	d := &h.world.database
	d.change(func() {
		w = release.SchemaWorld{Known: true, Expanded: d.expanded, Filled: d.filled, Contracted: d.contracted}
	})
	return w, h.world.blindTo("database")
}

func (h handDatabase) order(ctx context.Context, kind release.ActionKind, o release.SchemaOrder) error {
	if err := h.reach(); err != nil {
		return err
	}
	return h.note(h.world.enter(ctx, "database", order{kind: kind, stamp: o.Stamp}))
}

func (h handDatabase) Expand(ctx context.Context, o release.SchemaOrder) error {
	if err := h.order(ctx, release.ActExpand, o); err != nil {
		return err
	}
	d := &h.world.database
	d.called("expand")
	d.change(func() { d.expanded = true })
	return nil
}

func (h handDatabase) Backfill(ctx context.Context, o release.FillOrder) error {
	if err := h.order(ctx, release.ActBackfill, o.SchemaOrder); err != nil {
		return err
	}
	d := &h.world.database
	d.called("fill from %d", o.From.Page)
	for page := o.From.Page; page < tablePages; page++ {
		for o.Paused() != "" {
			d.change(func() { d.paused++ })
			if err := pass(ctx, time.Second); err != nil {
				return err
			}
		}
		if err := pass(ctx, pageTime); err != nil {
			return err
		}
		if err := h.reach(); err != nil {
			return err
		}
		d.change(func() { d.pages[page]++ })
		err := o.Progressed(release.Progress{Position: release.Position{Page: page + 1}, Table: "users", Done: page + 1, Total: tablePages, Rows: 10 * (page + 1)})
		if err != nil {
			return err
		}
	}
	d.change(func() { d.filled = true })
	return nil
}

func (h handDatabase) Contract(ctx context.Context, o release.SchemaOrder) error {
	if err := h.order(ctx, release.ActContract, o); err != nil {
		return err
	}
	d := &h.world.database
	d.called("contract")
	d.change(func() { d.contracted = true })
	return nil
}

func (h handDatabase) Revert(ctx context.Context, o release.SchemaOrder) error {
	if err := h.order(ctx, release.ActRevertSchema, o); err != nil {
		return err
	}
	d := &h.world.database
	d.called("revert")
	d.change(func() { d.expanded, d.filled = false, false })
	return nil
}

// handVault is where one controller puts backups.
type handVault struct{ *hand }

func (h handVault) Take(ctx context.Context, o release.BackupOrder) (release.Saved, error) {
	if err := h.reach(); err != nil {
		return release.Saved{}, err
	}
	if err := h.note(h.world.enter(ctx, "vault", order{kind: release.ActBackup, stamp: o.Stamp})); err != nil {
		return release.Saved{}, err
	}
	d := &h.world.database
	d.called("backup")
	d.change(func() { d.backups = append(d.backups, o.Key) })
	return release.Saved{Name: o.Key, SHA256: "abc", Bytes: 100, Rows: 10}, nil
}

func (h handVault) Observe(context.Context, release.RestoreOrder) (w release.RestoreWorld, err error) {
	if err := h.reach(); err != nil {
		return w, err
	}
	d := &h.world.database
	d.change(func() { w = release.RestoreWorld{Known: true, Prepared: d.prepared, Exchanged: d.exchanged} })
	return w, h.world.blindTo("vault")
}

func (h handVault) do(ctx context.Context, kind release.ActionKind, o release.RestoreOrder, effect func(d *database)) error {
	if err := h.reach(); err != nil {
		return err
	}
	if err := h.note(h.world.enter(ctx, "vault", order{kind: kind, stamp: o.Stamp})); err != nil {
		return err
	}
	d := &h.world.database
	d.called("%s", kind)
	d.change(func() { effect(d) })
	return nil
}

func (h handVault) Prepare(ctx context.Context, o release.RestoreOrder) error {
	return h.do(ctx, release.ActPrepare, o, func(d *database) { d.prepared = true })
}

func (h handVault) Exchange(ctx context.Context, o release.RestoreOrder) error {
	return h.do(ctx, release.ActExchange, o, func(d *database) { d.exchanged = true })
}

func (h handVault) ExchangeBack(ctx context.Context, o release.RestoreOrder) error {
	return h.do(ctx, release.ActExchangeBack, o, func(d *database) { d.exchanged = false })
}

// handStage is where one controller rehearses.
type handStage struct{ *hand }

func (h handStage) Rehearse(ctx context.Context, o release.RehearsalOrder) (found release.Rehearsed, err error) {
	if err := h.reach(); err != nil {
		return found, err
	}
	if err := h.note(h.world.enter(ctx, "stage", order{kind: release.ActRehearse, stamp: o.Stamp})); err != nil {
		return found, err
	}
	d := &h.world.database
	d.called("rehearse %s", o.Schema.Change.Name)
	d.change(func() { found = d.finds })
	return found, nil
}
