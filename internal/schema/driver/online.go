package driver

import (
	"context"
	"time"

	"cutover/internal/release"
	"cutover/internal/schema"
)

// changer carries out changes on one database.
type changer interface {
	Check(ctx context.Context, c schema.Change) error
	Observe(ctx context.Context, c schema.Change) (schema.World, error)
	Expand(ctx context.Context, c schema.Change) error
	Backfill(ctx context.Context, c schema.Change, from schema.Position, progress func(schema.Progress) error) error
	Contract(ctx context.Context, c schema.Change) error
	Revert(ctx context.Context, c schema.Change) error
}

// online is a change that users do not notice, on one database.
type online struct {
	change schema.Change
	on     changer
}

func (o online) Check(ctx context.Context) error { return o.on.Check(ctx, o.change) }
func (o online) Observe(ctx context.Context) (schema.World, error) {
	return o.on.Observe(ctx, o.change)
}
func (o online) Expand(ctx context.Context) error   { return o.on.Expand(ctx, o.change) }
func (o online) Contract(ctx context.Context) error { return o.on.Contract(ctx, o.change) }
func (o online) Revert(ctx context.Context) error   { return o.on.Revert(ctx, o.change) }

func (o online) Backfill(ctx context.Context, order release.FillOrder) error {
	var m meter
	from := schema.Position{Operation: order.From.Operation, Page: order.From.Page, Filenode: order.From.File}
	return o.on.Backfill(ctx, o.change, from, func(p schema.Progress) error { return order.Progressed(m.add(p)) })
}

// meter turns what batches did into how far the fill is.
type meter struct {
	table string
	rows  int64
}

func (m *meter) add(p schema.Progress) release.Progress {
	if p.Table != m.table {
		m.table, m.rows = p.Table, 0
	}
	m.rows += p.Rows
	return release.Progress{
		Position: release.Position{Operation: p.Position.Operation, Page: p.Position.Page, File: p.Position.Filenode},
		Table:    p.Table, Done: p.Position.Page, Total: p.Pages, Rows: m.rows,
		RowsPerSecond: p.Rate, Left: time.Duration(p.Left * float64(time.Second)), Waits: p.Waits,
	}
}
