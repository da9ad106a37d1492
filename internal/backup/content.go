package backup

import (
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"
)

// Content is what a database holds, as far as it is counted.
type Content struct {
	Tables       []Table `json:"tables"`
	LargeObjects int64   `json:"large_objects"`
}

// Table is what one table holds.
type Table struct {
	Schema string `json:"schema"`
	Name   string `json:"name"`
	Rows   int64  `json:"rows"`
	// Sum depends on every value of every row, and not on their order.
	Sum string `json:"sum"`
}

// String returns the name as it is written in SQL.
func (t Table) String() string { return pgx.Identifier{t.Schema, t.Name}.Sanitize() }

// Rows returns the number of rows of all tables.
func (c Content) Rows() int64 {
	var n int64
	for _, t := range c.Tables {
		n += t.Rows
	}
	return n
}

// differences lists where got is not what c is.
func (c Content) differences(got Content) []string {
	var list []string
	find := func(in []Table, t Table) int {
		return slices.IndexFunc(in, func(o Table) bool { return o.Schema == t.Schema && o.Name == t.Name })
	}
	for _, want := range c.Tables {
		i := find(got.Tables, want)
		switch {
		case i < 0:
			list = append(list, fmt.Sprintf("%s is missing", want))
		case got.Tables[i].Rows != want.Rows:
			list = append(list, fmt.Sprintf("%s has %d rows instead of %d", want, got.Tables[i].Rows, want.Rows))
		case got.Tables[i].Sum != want.Sum:
			list = append(list, fmt.Sprintf("%s has other values in its %d rows", want, want.Rows))
		}
	}
	for _, t := range got.Tables {
		if find(c.Tables, t) < 0 {
			list = append(list, fmt.Sprintf("%s is there and should not be", t))
		}
	}
	if c.LargeObjects != got.LargeObjects {
		list = append(list, fmt.Sprintf("there are %d large objects instead of %d", got.LargeObjects, c.LargeObjects))
	}
	return list
}

// plain makes values be written the same way on every server, lets nobody
// else's limits end the work, and refuses to overlook rows that a policy hides.
const plain = `SELECT set_config('timezone', 'UTC', true), set_config('datestyle', 'ISO, YMD', true),
	set_config('intervalstyle', 'postgres', true), set_config('extra_float_digits', '1', true), set_config('bytea_output', 'hex', true),
	set_config('search_path', '', true), set_config('row_security', 'off', true), set_config('xmloption', 'content', true),
	set_config('statement_timeout', '0', true), set_config('idle_in_transaction_session_timeout', '0', true)`

// ordinary lists the tables a dump holds the rows of: ordinary ones and
// partitions, but for those that belong to the system or to an extension.
const ordinary = `SELECT n.nspname, c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
	WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
	AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
	ORDER BY 1, 2`

// list names the tables of the transaction's snapshot.
func list(ctx context.Context, tx pgx.Tx) ([]Table, error) {
	rows, err := tx.Query(ctx, ordinary)
	if err != nil {
		return nil, fmt.Errorf("list the tables: %w", err)
	}
	tables, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (Table, error) {
		var t Table
		return t, row.Scan(&t.Schema, &t.Name)
	})
	if err != nil {
		return nil, fmt.Errorf("list the tables: %w", err)
	}
	return tables, nil
}

// sum counts the rows of the tables and sums their values.
func sum(ctx context.Context, tx pgx.Tx, tables []Table, progress func(Progress)) (Content, error) {
	c := Content{Tables: slices.Clone(tables)}
	for i := range c.Tables {
		t := &c.Tables[i]
		progress(Progress{Stage: Summing, Table: t.String(), Done: i + 1, Total: len(c.Tables)})
		// The sum of hashes does not depend on the order of the rows. Two of 64
		// bits make it hopeless to miss a change by chance.
		query := "SELECT count(*), concat(coalesce(sum(hashtextextended((r.*)::text, 0)), 0), '/', coalesce(sum(hashtextextended((r.*)::text, 1)), 0)) FROM ONLY " + t.String() + " AS r"
		if err := tx.QueryRow(ctx, query).Scan(&t.Rows, &t.Sum); err != nil {
			return Content{}, fmt.Errorf("sum the rows of %s: %w", t, err)
		}
	}
	if err := tx.QueryRow(ctx, "SELECT count(*) FROM pg_catalog.pg_largeobject_metadata").Scan(&c.LargeObjects); err != nil {
		return Content{}, fmt.Errorf("count the large objects: %w", err)
	}
	return c, nil
}

// measure sums all tables of a database.
func measure(ctx context.Context, s Source, progress func(Progress)) (_ Content, server string, err error) {
	conn, err := s.Connect(ctx)
	if err != nil {
		return Content{}, "", err
	}
	defer closeConn(conn)
	tx, err := conn.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
	if err != nil {
		return Content{}, "", fmt.Errorf("open a snapshot: %w", err)
	}
	if _, err := tx.Exec(ctx, plain); err != nil {
		return Content{}, "", fmt.Errorf("prepare the session: %w", err)
	}
	tables, err := list(ctx, tx)
	if err != nil {
		return Content{}, "", err
	}
	c, err := sum(ctx, tx, tables, progress)
	return c, conn.PgConn().ParameterStatus("server_version"), err
}
