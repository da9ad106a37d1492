// Package driver carries the schema change of a release out on whatever
// database the release names: it finds the change or the app's own migrations
// in the order, opens the database, and has the engine for it do the work.
package driver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"cutover/internal/environ"
	"cutover/internal/release"
	"cutover/internal/schema"
	"cutover/internal/schema/file"
	"cutover/internal/schema/pace"
	"cutover/internal/schema/postgres"
	"cutover/internal/schema/sqlite"
)

// Snapshots gives back what was kept when the release was planned.
type Snapshots interface {
	// Open returns the content with this digest, verified.
	Open(digest string) (io.ReadCloser, error)
}

// Driver carries out changes. It is safe for use by several goroutines.
type Driver struct {
	Files Snapshots
	// Errand prepares a command to run as a version's instances do: argv with
	// the program's full path, variables as NAME=value, and what of them must
	// not be shown. The app's own migrations run so.
	Errand func(app string, t release.Target, argv []string) (args, env, secrets []string, err error)

	looks looks
}

// stages is a change on a database: what the engines below offer.
type stages interface {
	Observe(ctx context.Context) (schema.World, error)
	Expand(ctx context.Context) error
	Backfill(ctx context.Context, order release.FillOrder) error
	Contract(ctx context.Context) error
	Revert(ctx context.Context) error
}

// Observe looks how far the database is with the change. Two looks within a
// second get the same answer, unless something was done in between. A look
// that takes longer than ctx goes on, and the next one gets its answer.
func (d *Driver) Observe(ctx context.Context, o release.SchemaOrder) (release.SchemaWorld, error) {
	return d.looks.at(ctx, o.Release, func(ctx context.Context) (release.SchemaWorld, error) {
		s, err := d.stages(o, nil)
		if err != nil {
			return release.SchemaWorld{}, err
		}
		w, err := s.Observe(ctx)
		if err != nil {
			return release.SchemaWorld{}, err
		}
		return release.SchemaWorld{Known: true, Expanded: w.Expanded, Filled: w.Filled, Contracted: w.Contracted, Partly: w.Partly, Waits: w.Waits}, nil
	})
}

// Expand makes the schema fit both versions.
func (d *Driver) Expand(ctx context.Context, o release.SchemaOrder) error {
	return d.do(o, nil, "expand", func(s stages) error { return s.Expand(ctx) })
}

// Backfill gives every old row its new shape and verifies all of them.
func (d *Driver) Backfill(ctx context.Context, o release.FillOrder) error {
	return d.do(o.SchemaOrder, o.Paused, "fill", func(s stages) error { return s.Backfill(ctx, o) })
}

// Contract removes the old shape, for good.
func (d *Driver) Contract(ctx context.Context, o release.SchemaOrder) error {
	return d.do(o, nil, "contract", func(s stages) error { return s.Contract(ctx) })
}

// Revert puts the schema back as it was before Expand.
func (d *Driver) Revert(ctx context.Context, o release.SchemaOrder) error {
	return d.do(o, nil, "revert", func(s stages) error { return s.Revert(ctx) })
}

// Check looks whether the change fits the database at all, and changes
// nothing. There is nothing to be said of native migrations without running
// them.
func (d *Driver) Check(ctx context.Context, o release.SchemaOrder) error {
	if o.Schema.IsNative() {
		return nil
	}
	s, err := d.stages(o, nil)
	if err != nil {
		return err
	}
	c, ok := s.(interface{ Check(context.Context) error })
	if !ok {
		return nil
	}
	return c.Check(ctx)
}

func (d *Driver) do(o release.SchemaOrder, paused func() string, what string, act func(stages) error) error {
	defer d.looks.forget(o.Release)
	s, err := d.stages(o, paused)
	if err == nil {
		err = act(s)
	}
	if err != nil {
		return fmt.Errorf("%s the schema: %w", what, err)
	}
	return nil
}

// stages puts together what carries an order out. paused, if not nil, is asked
// by a fill why it should stand still.
func (d *Driver) stages(o release.SchemaOrder, paused func() string) (stages, error) {
	url, err := resolve(o.Database)
	if err != nil {
		return nil, err
	}
	if o.Schema.IsNative() {
		return d.native(o, url)
	}
	change, err := d.change(o.Schema.Change)
	if err != nil {
		return nil, err
	}
	switch o.Database.Driver {
	case release.PostgreSQL:
		on, err := d.postgres(o, url, paused)
		if err != nil {
			return nil, err
		}
		return online{change, on}, nil
	case release.SQLite:
		return online{change, &sqlite.Engine{Path: url, LockTimeout: o.Database.LockTimeout, Rest: resting(o.Schema.Fill.Pace)}}, nil
	}
	return nil, fmt.Errorf("there is no driver for a database of type %q", o.Database.Driver)
}

func (d *Driver) postgres(o release.SchemaOrder, url string, paused func() string) (*postgres.Engine, error) {
	open, err := postgres.Opener(url)
	if err != nil {
		return nil, err
	}
	limits, err := pace.Named(string(o.Schema.Fill.Pace))
	if err != nil {
		return nil, err
	}
	e := &postgres.Engine{Open: open, Namespace: o.Database.Namespace, LockTimeout: o.Database.LockTimeout, Pace: limits}
	if paused != nil {
		e.Paused = func() (string, bool) { why := paused(); return why, why != "" }
	}
	return e, nil
}

// resting says how long the write lock of a SQLite database is left free after
// each batch of a fill; nil is as long as the batch held it.
func resting(p release.FillPace) func(context.Context, time.Duration) error {
	const gentle = 6 // times as long as the batch held the lock
	switch p {
	case release.Full:
		return func(ctx context.Context, _ time.Duration) error { return ctx.Err() }
	case release.Gentle:
		return func(ctx context.Context, batch time.Duration) error {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(gentle * batch):
				return nil
			}
		}
	}
	return nil
}

// resolve returns the address of a database. What a reference stands for must
// not be shown.
func resolve(db release.Database) (string, error) {
	url, err := environ.Value(db.URL)
	if err != nil {
		return "", fmt.Errorf("find the database: %w", err)
	}
	return url, nil
}

func (d *Driver) change(f release.File) (schema.Change, error) {
	r, err := d.Files.Open(f.Digest)
	if err != nil {
		return schema.Change{}, fmt.Errorf("open the schema change: %w", err)
	}
	content, err := io.ReadAll(r)
	if err := errors.Join(err, r.Close()); err != nil {
		return schema.Change{}, fmt.Errorf("read the schema change: %w", err)
	}
	return file.Read(f.Name, content)
}
