package postgres_test

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"cutover/internal/schema"
	"cutover/internal/schema/file"
	"cutover/internal/schema/postgres"
	"cutover/internal/schema/schematest"
)

func TestAValueNewCodeTookAwayDoesNotComeBack(t *testing.T) {
	t.Parallel()
	e, conn, _ := database(t, `CREATE TABLE users (id serial PRIMARY KEY, username text NOT NULL, seen int); INSERT INTO users (username) VALUES ('ann')`)
	c := change(schema.AddColumn{Table: "users", Column: schema.Column{Name: "email", Type: "text", Nullable: true}, Up: "username || '@example.com'"})
	expandAndFill(t, e, c)
	run(t, conn, "UPDATE users SET email = NULL; UPDATE users SET seen = 1")
	same(t, conn, "SELECT email IS NULL FROM users", true)
}

func TestARowThatMovesBeforeItIsFilledIsFilledAsItMoves(t *testing.T) {
	t.Parallel()
	e, conn, dsn := database(t, bigTable)
	e.Batch = 1
	must(t, "expand", e.Expand(within(t), bigChange()))
	other := pg.Conn(t, dsn)
	batches := 0
	must(t, "backfill", e.Backfill(within(t), bigChange(), schema.Position{}, func(schema.Progress) error {
		if batches++; batches%10 != 0 {
			return nil
		}
		// A column of neither shape; the row goes to the end of the table.
		_, err := other.Exec(within(t), "UPDATE people SET note = 'moved' WHERE id > 20000 - $1", batches*10)
		return err
	}))
	same(t, conn, `SELECT count(*) FROM people WHERE note = 'moved' AND "cutover_new_name" IS DISTINCT FROM 'first' || id`, int64(0))
	same(t, conn, wrongPeople(`"cutover_new_name"`), int64(0))
}

// addressSplit is the split of a street into its name and an optional house
// number, with the index that must go first.
func addressSplit() schema.Change {
	c, err := file.Load("../../../examples/schema/changes/address-street.yaml")
	if err != nil {
		panic(err) // the articles' tests say the same, and which line
	}
	return c
}

const addresses = `CREATE TABLE "Address" (id bigserial PRIMARY KEY, "Street" text NOT NULL, city text);
	CREATE INDEX address_street ON "Address" ("Street");
	INSERT INTO "Address" ("Street", city) SELECT 'Street ' || chr(65 + n % 26) || CASE WHEN n % 3 = 0 THEN '' ELSE ' ' || n || 'a' END, 'c' FROM generate_series(1, 3000) AS n`

// program is one connection of a program of the app.
type program struct{ conn *pgx.Conn }

func (p program) Exec(ctx context.Context, sql string, args ...any) error {
	_, err := p.conn.Exec(ctx, sql, args...)
	return err
}

func (p program) Rows(ctx context.Context, sql string, args ...any) ([][]string, error) {
	rows, err := p.conn.Query(ctx, sql, append([]any{pgx.QueryExecModeSimpleProtocol}, args...)...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) ([]string, error) {
		var line []string
		for _, raw := range row.RawValues() { // text, in this mode
			column := "null"
			if raw != nil {
				column = string(raw)
			}
			line = append(line, column)
		}
		return line, nil
	})
}

func (p program) Close() { _ = p.conn.Close(context.Background()) }

func TestTheArticlesExamples(t *testing.T) {
	t.Parallel()
	schematest.Articles(t, func(t *testing.T) schematest.Database {
		e, conn, dsn := database(t, "")
		e.Batch = 1 // many small batches
		return schematest.Database{Engine: e, Programs: 8, Writes: 200, Pause: time.Millisecond, IsBusy: retryable,
			Connect: func(ctx context.Context) (schematest.Conn, error) {
				conn, err := pgx.Connect(ctx, dsn)
				return program{conn}, err
			},
			Shape: func(t *testing.T) string { return value[string](t, conn, shapeOf) },
			Kept: func(t *testing.T, table string) []string {
				kept := value[string](t, conn, "SELECT relname FROM pg_class WHERE relnamespace = 'cutover_kept'::regnamespace AND relkind = 'r' AND relname LIKE '"+table+"%'")
				return []string{value[string](t, conn, "SELECT replace(trim(BOTH '()' FROM k::text), ',', '|') FROM cutover_kept."+schema.Quote(kept)+" AS k")}
			}}
	}, postgres.ErrNotVerified)
}
