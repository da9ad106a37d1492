package rehearsal

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"cutover/internal/schema/postgres/catalogue"
)

// touched counts the rows of a table that were written.
type touched struct{ inserted, updated, deleted int64 }

// counters reads how many rows of every table were written since it was made.
func counters(ctx context.Context, conn *pgx.Conn) (map[uint32]touched, error) {
	rows, err := conn.Query(ctx, "SELECT relid, n_tup_ins, n_tup_upd, n_tup_del FROM pg_stat_user_tables")
	if err != nil {
		return nil, fmt.Errorf("count the rows that were written: %w", err)
	}
	defer rows.Close()
	out := map[uint32]touched{}
	for rows.Next() {
		var oid uint32
		var t touched
		if err := rows.Scan(&oid, &t.inserted, &t.updated, &t.deleted); err != nil {
			return nil, fmt.Errorf("count the rows that were written: %w", err)
		}
		out[oid] = t
	}
	return out, rows.Err()
}

// state is the clone at one moment.
type state struct {
	shape catalogue.Catalogue
	rows  map[uint32]touched
}

func stateOf(ctx context.Context, conn *pgx.Conn) (s state, err error) {
	read, err := catalogue.Read(ctx, conn)
	if err != nil {
		return s, err
	}
	s.shape = withoutOwn(read)
	s.rows, err = counters(ctx, conn)
	return s, err
}

// lockable names the tables and indexes there are.
func lockable(c catalogue.Catalogue) map[uint32]string {
	names := map[uint32]string{}
	for _, t := range c.Tables {
		names[t.OID] = t.String()
		for _, i := range t.Indexes {
			names[i.OID] = "index " + t.Schema + "." + i.Name
		}
	}
	return names
}

// effects says what happened to every table of before that was locked,
// written or rewritten.
func effects(before, after state, r *recording, sizes sizes) []Table {
	var list []Table
	for _, b := range before.shape.Tables {
		t := Table{Name: b.String(), Rows: b.Rows, Bytes: b.Bytes, Production: sizes.bytes(b)}
		for _, h := range r.holds {
			t.lock(h, b.OID, sizes.factor(b))
		}
		old, new := before.rows[b.OID], after.rows[b.OID]
		t.Inserted, t.Updated, t.Deleted = max(new.inserted-old.inserted, 0), max(new.updated-old.updated, 0), max(new.deleted-old.deleted, 0)
		if a, there := after.shape.Table(b.OID); there {
			t.Grown = a.Bytes - b.Bytes
			t.Rewritten = r.rewrites[b.OID] || a.Filenode != b.Filenode
			if t.Rewritten {
				t.RewrittenBytes = a.Heap
			}
		}
		if t.Lock != "" || t.Rewritten || t.Inserted+t.Updated+t.Deleted > 0 {
			list = append(list, t)
		}
	}
	slices.SortFunc(list, func(a, b Table) int { return cmp.Compare(a.Name, b.Name) })
	return list
}

// lock takes one hold into account: the strongest mode counts, and of that the
// longest.
func (t *Table) lock(h hold, oid uint32, factor float64) {
	if h.OID != oid || rank(h.Mode) < rank(t.Lock) {
		return
	}
	ms := h.to.Sub(h.from).Milliseconds()
	if h.Mode == t.Lock && ms <= t.Held {
		return
	}
	t.Lock, t.Blocks, t.Held, t.Expected = h.Mode, blocks(h.Mode), ms, grown(float64(ms), factor)
}

// join adds what a later step did to what earlier ones did.
func join(all, more []Table) []Table {
	for _, m := range more {
		i := slices.IndexFunc(all, func(t Table) bool { return t.Name == m.Name })
		if i < 0 {
			all = append(all, m)
			continue
		}
		t := &all[i]
		if rank(m.Lock) > rank(t.Lock) || m.Lock == t.Lock && m.Held > t.Held {
			t.Lock, t.Blocks, t.Held, t.Expected = m.Lock, m.Blocks, m.Held, m.Expected
		}
		if m.Rewritten {
			t.Rewritten, t.RewrittenBytes = true, m.RewrittenBytes
		}
		t.Inserted, t.Updated, t.Deleted, t.Grown = t.Inserted+m.Inserted, t.Updated+m.Updated, t.Deleted+m.Deleted, t.Grown+m.Grown
	}
	slices.SortFunc(all, func(a, b Table) int { return cmp.Compare(a.Name, b.Name) })
	return all
}
