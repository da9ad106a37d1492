package filling

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"cutover/internal/schema"
	"cutover/internal/schema/pace"
	"cutover/internal/schema/postgres"
)

// variant is one way of filling.
type variant struct {
	name string
	// alone and beside say whether it is measured without and with users.
	alone, beside bool
	// fill fills the table of a database and returns how long the filling
	// alone took, if that is a part.
	fill func(ctx context.Context, g *ground, database string) (time.Duration, error)
}

var variants = []variant{
	{"idle", false, true, func(ctx context.Context, _ *ground, _ string) (time.Duration, error) {
		select {
		case <-time.After(*calm):
			return 0, nil
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}},
	{"single", true, true, single},
	{"touch", true, true, touch},
	{"pgroll", true, true, func(ctx context.Context, g *ground, database string) (time.Duration, error) {
		return 0, g.pgroll.start(ctx, g.server.LoopbackDSN(database))
	}},
	{"full", true, true, func(ctx context.Context, g *ground, database string) (time.Duration, error) {
		return cutover(ctx, g, database, "full")
	}},
	{"shared", false, true, func(ctx context.Context, g *ground, database string) (time.Duration, error) {
		return cutover(ctx, g, database, "shared")
	}},
}

// on connects and lets do work.
func on(ctx context.Context, dsn string, do func(conn *pgx.Conn) error) error {
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return err
	}
	return errors.Join(do(conn), conn.Close(ctx))
}

// single is one UPDATE.
func single(ctx context.Context, g *ground, database string) (time.Duration, error) {
	return 0, on(ctx, g.server.DSN(database), func(conn *pgx.Conn) error {
		if _, err := conn.Exec(ctx, "ALTER TABLE t ADD COLUMN first text"); err != nil {
			return err
		}
		_, err := conn.Exec(ctx, "UPDATE t SET first = split_part(name, ' ', 1)")
		return err
	})
}

// touch updates each row's key to itself, a thousand keys a transaction, and
// has a trigger do the work, which also clears the mark of a row to be filled.
func touch(ctx context.Context, g *ground, database string) (time.Duration, error) {
	return 0, on(ctx, g.server.DSN(database), func(conn *pgx.Conn) error {
		if _, err := conn.Exec(ctx, `ALTER TABLE t ADD COLUMN first text; ALTER TABLE t ADD COLUMN wanting boolean DEFAULT true;
			CREATE FUNCTION touched() RETURNS trigger LANGUAGE plpgsql AS $body$ BEGIN
				IF current_setting('search_path') <> 'public_02' THEN NEW.first := split_part(NEW.name, ' ', 1); NEW.wanting := false; END IF;
				RETURN NEW;
			END $body$;
			CREATE TRIGGER touched BEFORE INSERT OR UPDATE ON t FOR EACH ROW EXECUTE FUNCTION touched()`); err != nil {
			return err
		}
		for last := int64(0); ; {
			var to *int64
			err := conn.QueryRow(ctx, `WITH batch AS (SELECT id FROM t WHERE wanting AND id > $1 ORDER BY id LIMIT 1000 FOR NO KEY UPDATE),
				done AS (UPDATE t SET id = t.id FROM batch WHERE t.id = batch.id RETURNING t.id) SELECT max(id) FROM done`, last).Scan(&to)
			if err != nil || to == nil {
				return err
			}
			last = *to
		}
	})
}

// cutover takes a change to where new code may start.
func cutover(ctx context.Context, g *ground, database, word string) (time.Duration, error) {
	limits, err := pace.Named(word)
	if err != nil {
		return 0, err
	}
	e := &postgres.Engine{Pace: limits, Open: func(ctx context.Context) (*pgx.Conn, error) { return pgx.Connect(ctx, g.server.DSN(database)) }}
	change := schema.Change{Name: "bench", Operations: []schema.Operation{
		schema.AlterColumn{Table: "t", Column: "name", As: "first", Type: "text", Up: "split_part(name, ' ', 1)", Down: "first"}}}
	if err := e.Expand(ctx, change); err != nil {
		return 0, err
	}
	began := time.Now()
	var filled time.Duration
	err = e.Backfill(ctx, change, schema.Position{}, func(p schema.Progress) error {
		if p.Position.Page == p.Pages {
			filled = time.Since(began)
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	w, err := e.Observe(ctx, change)
	if err == nil && !w.Filled {
		err = fmt.Errorf("after the backfill: %s", w.Waits)
	}
	return filled, err
}
