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
	return o.on.Backfill(ctx, o.change, from, func(p schema.Progress) error {
		said := m.add(p)
		if err := order.Progressed(said); err != nil {
			return err
		}
		return stand(ctx, order, said)
	})
}

// pauseLook is how often a fill that stands still asks whether it may go on.
const pauseLook = 200 * time.Millisecond

// stand stands still between two batches for as long as the order says so.
func stand(ctx context.Context, order release.FillOrder, said release.Progress) error {
	tick := time.NewTicker(pauseLook)
	defer tick.Stop()
	for why := order.Paused(); why != ""; why = order.Paused() {
		if why != said.Waits {
			said.Waits = why
			if err := order.Progressed(said); err != nil {
				return err
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
	return nil
}

// meter turns what batches did into how far the fill is.
type meter struct {
	table string
	began time.Time
	// first is the page at which this table was taken up.
	first, rows int64
}

func (m *meter) add(p schema.Progress) release.Progress {
	if p.Table != m.table {
		*m = meter{table: p.Table, began: time.Now(), first: p.Position.Page - p.Batch}
	}
	m.rows += p.Rows
	out := release.Progress{
		Position: release.Position{Operation: p.Position.Operation, Page: p.Position.Page, File: p.Position.Filenode},
		Table:    p.Table, Done: p.Position.Page, Total: p.Pages, Rows: m.rows,
		RowsPerSecond: p.Rate, Left: time.Duration(p.Left * float64(time.Second)), Waits: p.Waits,
	}
	if p.Rate == 0 {
		m.estimate(&out)
	}
	return out
}

// estimate is for a database that does not tell its rate.
func (m *meter) estimate(p *release.Progress) {
	took, done := time.Since(m.began).Seconds(), p.Done-m.first
	if took < 0.5 || done <= 0 {
		return
	}
	p.RowsPerSecond = float64(m.rows) / took
	p.Left = time.Duration(float64(max(p.Total-p.Done, 0)) / float64(done) * took * float64(time.Second))
}
