package catalogue

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// counted is the size up to which a table that was never analysed is counted,
// in bytes.
const counted = 4 << 20

// Read reads the catalogue in one snapshot. It waits for no lock longer than
// two seconds, and holds none that hinders anybody. The connection must not be
// in a transaction.
func Read(ctx context.Context, conn *pgx.Conn) (Catalogue, error) {
	r := reader{}
	err := pgx.BeginTxFunc(ctx, conn, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		const limits = "SET LOCAL lock_timeout = '2s'; SET LOCAL statement_timeout = '60s'; SET LOCAL search_path = pg_catalog"
		if _, err := tx.Exec(ctx, limits); err != nil {
			return fmt.Errorf("limit the session: %w", err)
		}
		r.tx, r.index = tx, map[uint32]int{}
		return r.read(ctx)
	})
	var server *pgconn.PgError
	if errors.As(err, &server) && server.Code == "55P03" {
		return Catalogue{}, fmt.Errorf("read the catalogue: somebody keeps a table locked, see pg_locks, and try again: %w", err)
	}
	if err != nil {
		return Catalogue{}, fmt.Errorf("read the catalogue: %w", err)
	}
	r.sumPartitions()
	return r.out, nil
}

// reader fills a catalogue, query after query.
type reader struct {
	tx  pgx.Tx
	out Catalogue
	// index is the place of a table in the list, by OID.
	index map[uint32]int
}

func (r *reader) read(ctx context.Context) error {
	if err := r.tx.QueryRow(ctx, "SELECT current_setting('server_version_num')::int").Scan(&r.out.Server); err != nil {
		return fmt.Errorf("ask for the version: %w", err)
	}
	for _, part := range []struct {
		what string
		read func(context.Context) error
	}{
		{"tables", r.tables}, {"columns", r.columns}, {"constraints", r.constraints}, {"indexes", r.indexes}, {"triggers", r.triggers},
		{"what hangs on tables", r.dependents}, {"functions and sequences", r.objects}, {"enumerations", r.enums}, {"domains", r.domains}, {"rows", r.count},
	} {
		if err := part.read(ctx); err != nil {
			return fmt.Errorf("%s: %w", part.what, err)
		}
	}
	return nil
}

// each runs a query and hands every row to scan.
func (r *reader) each(ctx context.Context, query string, scan func(rows pgx.Rows) error) error {
	rows, err := r.tx.Query(ctx, query)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

func (r *reader) tables(ctx context.Context) error {
	return r.each(ctx, tablesQuery, func(rows pgx.Rows) error {
		var t Table
		var estimate float64
		var seen int64
		err := rows.Scan(&t.OID, &t.Schema, &t.Name, &t.Kind, &estimate, &seen, &t.Heap, &t.Bytes, &t.Filenode, &t.Parent, &t.Secured, &t.Definition)
		if err != nil {
			return err
		}
		t.Rows = estimated(estimate, seen, t.Heap)
		r.index[t.OID] = len(r.out.Tables)
		r.out.Tables = append(r.out.Tables, t)
		return nil
	})
}

// estimated makes the server's estimate, which is of a table of seen bytes,
// one of a table of the size it has now, as its planner does.
func estimated(rows float64, seen, now int64) int64 {
	switch {
	case now == 0:
		return 0
	case rows < 0 || seen == 0:
		return -1
	}
	return int64(rows / float64(seen) * float64(now))
}

// of returns the table with an OID, nil if it is none of the list.
func (r *reader) of(oid uint32) *Table {
	i, ok := r.index[oid]
	if !ok {
		return nil
	}
	return &r.out.Tables[i]
}

func (r *reader) columns(ctx context.Context) error {
	return r.each(ctx, columnsQuery, func(rows pgx.Rows) error {
		var table uint32
		var c Column
		if err := rows.Scan(&table, &c.Number, &c.Name, &c.Type, &c.NotNull, &c.Default, &c.Generated, &c.Identity); err != nil {
			return err
		}
		if t := r.of(table); t != nil {
			t.Columns = append(t.Columns, c)
		}
		return nil
	})
}

func (r *reader) constraints(ctx context.Context) error {
	return r.each(ctx, constraintsQuery, func(rows pgx.Rows) error {
		var table uint32
		var k Constraint
		if err := rows.Scan(&table, &k.OID, &k.Name, &k.Kind, &k.Definition, &k.Columns, &k.References, &k.Validated); err != nil {
			return err
		}
		if t := r.of(table); t != nil {
			t.Constraints = append(t.Constraints, k)
		}
		return nil
	})
}

func (r *reader) indexes(ctx context.Context) error {
	return r.each(ctx, indexesQuery, func(rows pgx.Rows) error {
		var table uint32
		var i Index
		if err := rows.Scan(&table, &i.OID, &i.Name, &i.Definition, &i.Unique, &i.Valid, &i.Bytes); err != nil {
			return err
		}
		if t := r.of(table); t != nil {
			t.Indexes = append(t.Indexes, i)
		}
		return nil
	})
}

func (r *reader) triggers(ctx context.Context) error {
	return r.each(ctx, triggersQuery, func(rows pgx.Rows) error {
		var table uint32
		var g Trigger
		if err := rows.Scan(&table, &g.Name, &g.Definition); err != nil {
			return err
		}
		if t := r.of(table); t != nil {
			t.Triggers = append(t.Triggers, g)
		}
		return nil
	})
}

func (r *reader) dependents(ctx context.Context) error {
	query := dependentsQuery
	if r.out.Server >= 150000 {
		query += partialPublications
	}
	return r.each(ctx, query+" ORDER BY 1, 2, 3, 4", func(rows pgx.Rows) error {
		var table uint32
		var d Dependent
		if err := rows.Scan(&table, &d.Column, &d.Kind, &d.Name); err != nil {
			return err
		}
		if t := r.of(table); t != nil {
			t.Dependents = append(t.Dependents, d)
		}
		return nil
	})
}

func (r *reader) objects(ctx context.Context) error {
	return r.each(ctx, objectsQuery, func(rows pgx.Rows) error {
		var o Object
		if err := rows.Scan(&o.OID, &o.Kind, &o.Name); err != nil {
			return err
		}
		r.out.Objects = append(r.out.Objects, o)
		return nil
	})
}

func (r *reader) enums(ctx context.Context) error {
	return r.each(ctx, enumsQuery, func(rows pgx.Rows) error {
		var e Enum
		var oids []uint32
		var names []string
		if err := rows.Scan(&e.OID, &e.Name, &oids, &names); err != nil {
			return err
		}
		for i := range oids {
			e.Values = append(e.Values, EnumValue{oids[i], names[i]})
		}
		r.out.Enums = append(r.out.Enums, e)
		return nil
	})
}

func (r *reader) domains(ctx context.Context) error {
	return r.each(ctx, domainsQuery, func(rows pgx.Rows) error {
		var d Domain
		if err := rows.Scan(&d.OID, &d.Name, &d.Constraints); err != nil {
			return err
		}
		r.out.Domains = append(r.out.Domains, d)
		return nil
	})
}

// count counts the rows of tables that were never analysed and are so small
// that nobody notices.
func (r *reader) count(ctx context.Context) error {
	for i := range r.out.Tables {
		t := &r.out.Tables[i]
		if t.Kind != "table" || t.Rows >= 0 || t.Heap > counted || t.Secured {
			continue
		}
		var may bool
		if err := r.tx.QueryRow(ctx, "SELECT has_table_privilege($1::oid, 'SELECT')", t.OID).Scan(&may); err != nil {
			return err
		}
		if !may {
			continue
		}
		name := pgx.Identifier{t.Schema, t.Name}.Sanitize()
		if err := r.tx.QueryRow(ctx, "SELECT count(*) FROM ONLY "+name).Scan(&t.Rows); err != nil {
			return fmt.Errorf("count %s: %w", t, err)
		}
	}
	return nil
}

// sumPartitions gives partitioned tables the sizes of their partitions.
func (r *reader) sumPartitions() {
	for _, part := range r.out.Tables {
		if part.Kind != "table" {
			continue
		}
		for up := r.of(part.Parent); up != nil; up = r.of(up.Parent) {
			up.Heap += part.Heap
			up.Bytes += part.Bytes
			if part.Rows < 0 || up.Rows < 0 {
				up.Rows = -1
			} else {
				up.Rows += part.Rows
			}
		}
	}
}
