package driver

import (
	"context"
	"errors"
	"fmt"
	"time"

	"cutover/internal/release"
	"cutover/internal/schema"
	"cutover/internal/schema/native"
	"cutover/internal/schema/postgres"
)

// migrated is a schema that the app's own migrations change.
type migrated struct {
	migration native.Migration
	budget    native.Budget
	stays     bool
	// referee stands beside what runs, if there is one.
	referee *postgres.Referee
}

// clientCheck is how soon the server notices that a migration was killed.
const clientCheck = 2 * time.Second

func (d *Driver) native(o release.SchemaOrder, url string) (migrated, error) {
	if d.Errand == nil {
		return migrated{}, errors.New("this controller cannot run migrations")
	}
	n := o.Schema.Native
	m := migrated{
		migration: native.Migration{From: n.From, To: n.To, Revisions: n.Revisions},
		budget:    native.Budget{LockTimeout: o.Database.LockTimeout, StatementTimeout: n.StatementTimeout, Timeout: n.Timeout, ClientCheck: clientCheck},
		stays:     o.Schema.Stays(),
	}
	if o.Database.Driver == release.PostgreSQL {
		open, err := postgres.Opener(url)
		if err != nil {
			return m, err
		}
		m.referee = &postgres.Referee{Open: open, Name: native.SessionName}
	}
	var err error
	if m.migration.Upgrade, err = d.command(o, n.Upgrade); err != nil {
		return m, err
	}
	if m.migration.Head, err = d.command(o, n.Head); err != nil {
		return m, err
	}
	if !m.stays {
		m.migration.Downgrade, err = d.command(o, n.Downgrade)
	}
	return m, err
}

// command is run by the new version: the old one does not know how to undo
// what it has never seen.
func (d *Driver) command(o release.SchemaOrder, argv []string) (native.Command, error) {
	args, env, secrets, err := d.Errand(o.App, o.To, argv)
	if err != nil {
		return native.Command{}, fmt.Errorf("migrate to %s: %w", o.To.Version, err)
	}
	return native.Command{Args: args, Dir: o.To.Artefact.Dir, Env: env, Secrets: secrets}, nil
}

// Observe asks for the revision. A revision that is not of the migration is an
// error: nobody knows what fits it.
func (m migrated) Observe(ctx context.Context) (schema.World, error) {
	at, revision, err := m.migration.At(ctx, m.budget)
	if err != nil {
		return schema.World{}, err
	}
	if at == native.After {
		return schema.World{Expanded: true, Filled: true, Contracted: true}, nil
	}
	return schema.World{Partly: at == native.Between, Waits: "the database is at " + revision}, nil
}

// Expand runs the upgrade.
func (m migrated) Expand(ctx context.Context) error {
	return m.refereed(ctx, m.migration.Up)
}

// Backfill has nothing to do: what rows need, the upgrade gave them.
func (m migrated) Backfill(context.Context, release.FillOrder) error { return nil }

// Contract has nothing to do.
func (m migrated) Contract(context.Context) error { return nil }

// Revert runs the downgrade, if there is one.
func (m migrated) Revert(ctx context.Context) error {
	if m.stays {
		return nil
	}
	return m.refereed(ctx, m.migration.Down)
}
