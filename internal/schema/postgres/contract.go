package postgres

import (
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"cutover/internal/schema"
)

// Contract removes the old shape, for good: one short transaction per table.
// It refuses, with ErrNotVerified, unless every row was verified since the
// triggers are as they are.
func (e *Engine) Contract(ctx context.Context, c schema.Change) error {
	s, err := e.open(ctx, c)
	if err != nil {
		return err
	}
	defer s.close()
	records, err := s.records(ctx)
	if err != nil {
		return err
	}
	if err := s.mayContract(ctx, records); err != nil {
		return err
	}
	for i, op := range c.Operations {
		if drop, ok := op.(schema.DropIndex); ok && records[i].contracted == nil {
			if err := s.dropIndex(ctx, drop.Name); err != nil {
				return err
			}
		}
	}
	for _, group := range s.byTable(records) {
		doing := "contracting " + c.Operations[group[0]].Kind() + " " + c.Operations[group[0]].Target()
		err := s.ddl(ctx, doing, func(tx pgx.Tx) error { return s.contractGroup(ctx, tx, group) })
		if err != nil {
			return err
		}
	}
	return nil
}

// mayContract refuses what would destroy anything not verified.
func (s *session) mayContract(ctx context.Context, records []record) error {
	if records == nil {
		return fmt.Errorf("%w: the change %s is not expanded", ErrNotVerified, s.change.Name)
	}
	for i, r := range records {
		if r.contracted != nil {
			continue
		}
		if !r.fresh() {
			return fmt.Errorf("%w: operation %d, %s, of %s has no verification younger than its triggers; run the backfill to its end first",
				ErrNotVerified, i+1, s.change.Operations[i].Kind(), s.change.Name)
		}
		p, ok, err := s.pair(ctx, s.conn, i)
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		if on, err := s.triggersOn(ctx, p); err != nil {
			return err
		} else if !on {
			return fmt.Errorf("%w: the trigger of operation %d on %s is gone or disabled; expand and backfill again", ErrNotVerified, i+1, p.Table)
		}
	}
	return nil
}

// byTable groups the operations that are not contracted yet by their table, in
// order.
func (s *session) byTable(records []record) [][]int {
	var groups [][]int
	place := map[string]int{}
	for i, op := range s.change.Operations {
		if records[i].contracted != nil {
			continue
		}
		at, known := place[op.Target()]
		if _, alone := op.(schema.CopyColumn); alone {
			groups = append(groups, []int{i})
			continue
		}
		if !known || op.Target() == "" {
			at = len(groups)
			groups = append(groups, nil)
			place[op.Target()] = at
		}
		groups[at] = append(groups[at], i)
	}
	for _, group := range groups {
		slices.SortStableFunc(group, func(a, b int) int { return turn(s.change.Operations[a]) - turn(s.change.Operations[b]) })
	}
	// What keeps two tables in step ends before the columns it reads.
	slices.SortStableFunc(groups, func(a, b []int) int {
		return min(0, turn(s.change.Operations[a[0]])) - min(0, turn(s.change.Operations[b[0]]))
	})
	return groups
}

// turn orders the operations of a table: what stands on columns comes when
// these have their names, a name when what has it is there, and the table
// keeps its own until everything else about it is done.
func turn(op schema.Operation) int {
	switch o := op.(type) {
	case schema.CopyColumn:
		return -1
	case schema.CreateConstraint:
		if _, copies := o.Sync(); copies {
			return 0
		}
		return 1
	case schema.RenameConstraint:
		return 2
	case schema.SetReplicaIdentity:
		return 3
	case schema.RenameTable:
		return 4
	}
	return 0
}

func (s *session) contractGroup(ctx context.Context, tx pgx.Tx, group []int) error {
	if table := s.change.Operations[group[0]].Target(); table != "" {
		if err := s.dropShim(ctx, tx, table); err != nil {
			return err
		}
	}
	for _, i := range group {
		// The view that is a table's second name depends on its old columns.
		if o, ok := s.change.Operations[i].(schema.RenameTable); ok {
			if err := exec(ctx, tx, "DROP VIEW IF EXISTS "+s.name(o.To)); err != nil {
				return err
			}
		}
	}
	return s.contractColumns(ctx, tx, group)
}

// contractColumns ends the pairs of a group, then does what had to wait for
// the columns to have their names.
func (s *session) contractColumns(ctx context.Context, tx pgx.Tx, group []int) error {
	var pairs []pair
	var sql []string
	for _, i := range group {
		p, synced, err := s.pair(ctx, tx, i)
		if err != nil {
			return err
		}
		if synced {
			pairs = append(pairs, p)
			sql = append(sql, s.contractPair(i, p)...)
		}
	}
	goesAlong, err := s.carry(ctx, tx, pairs)
	if err != nil {
		return err
	}
	sql = append(sql, s.inherit(s.change.Operations[group[0]].Target(), goesAlong)...)
	if err := exec(ctx, tx, sql...); err != nil {
		return err
	}
	for _, i := range group {
		if err := s.statements(ctx, tx, s.contracting(s.change.Operations[i])); err != nil {
			return err
		}
		if err := s.mark(ctx, tx, i, "contracted = clock_timestamp()"); err != nil {
			return err
		}
	}
	return nil
}

// statements runs statements somebody else may have written, which must not
// end the transaction they are in.
func (s *session) statements(ctx context.Context, tx pgx.Tx, sql []string) error {
	if err := exec(ctx, tx, sql...); err != nil {
		return err
	}
	if s.conn.PgConn().TxStatus() != 'T' {
		return fmt.Errorf("%w: the statements end the transaction they run in; leave out COMMIT and ROLLBACK", ErrRefused)
	}
	return nil
}

// contractPair returns what drops the triggers and the old columns, and makes
// the new ones what they are to be. Every statement is only a change of the catalogue:
// NOT NULL needs no scan, because a validated check says the same.
func (s *session) contractPair(i int, p pair) []string {
	sql := s.dropTrigger(p)
	table := "ALTER TABLE " + s.name(p.Table) + " "
	for _, n := range p.New {
		sql = append(sql, s.settled(i, p, n)...)
	}
	for _, o := range p.Old {
		sql = append(sql, table+"DROP COLUMN "+schema.Quote(o.Name))
	}
	for _, n := range p.New {
		if n.Physical != n.Final {
			sql = append(sql, table+"RENAME COLUMN "+schema.Quote(n.Physical)+" TO "+schema.Quote(n.Final))
		}
	}
	return sql
}

// settled returns what makes a new column final, but for its name.
func (s *session) settled(i int, p pair, n schema.NewColumn) []string {
	table, column := "ALTER TABLE "+s.name(p.Table)+" ", schema.Quote(n.Physical)
	var sql []string
	if p.notNull(n) {
		sql = append(sql, table+"ALTER COLUMN "+column+" SET NOT NULL", table+"DROP CONSTRAINT "+schema.Quote(s.notNullName(n)))
	}
	old, _ := p.table.column(n.Of)
	if d := setting(n.Default, old.defaultTo); d != "" {
		sql = append(sql, table+"ALTER COLUMN "+column+" SET DEFAULT "+d)
	}
	if c := setting(n.Comment, old.comment); c != "" {
		sql = append(sql, "COMMENT ON COLUMN "+s.name(p.Table)+"."+column+" IS "+schema.Literal(c))
	}
	if n.Def.Unique {
		name := schema.Quote(s.uniqueName(i, p, n))
		sql = append(sql, table+"ADD CONSTRAINT "+name+" UNIQUE USING INDEX "+name)
	}
	return sql
}

// setting returns what was asked for, else what was.
func setting(asked *schema.Setting, was string) string {
	switch {
	case asked == nil:
		return was
	case asked.Null:
		return ""
	}
	return asked.Value
}

// contracting returns what is left to do when the columns are in place.
func (s *session) contracting(op schema.Operation) []string {
	switch o := op.(type) {
	case schema.DropTable:
		return []string{"DROP TABLE IF EXISTS " + s.name(o.Name)}
	case schema.RenameTable:
		return []string{"ALTER TABLE " + s.name(o.From) + " RENAME TO " + schema.Quote(o.To)}
	case schema.DropConstraint:
		return []string{s.dropConstraint(o.Table, o.Name)}
	case schema.DropMulticolumnConstraint:
		return []string{s.dropConstraint(o.Table, o.Name)}
	case schema.RenameConstraint:
		return []string{fmt.Sprintf("ALTER TABLE %s RENAME CONSTRAINT %s TO %s", s.name(o.Table), schema.Quote(o.From), schema.Quote(o.To))}
	case schema.SetReplicaIdentity:
		return []string{"ALTER TABLE " + s.name(o.Table) + " REPLICA IDENTITY " + identity(o.Identity)}
	case schema.AddColumn:
		if o.Up == "" && o.Column.Unique {
			name := schema.Quote(schema.Name(o.Table, o.Column.Name, "key"))
			return []string{fmt.Sprintf("ALTER TABLE %s ADD CONSTRAINT %s UNIQUE USING INDEX %[2]s", s.name(o.Table), name)}
		}
	case schema.CreateConstraint:
		if o.Type == "primary_key" {
			return s.makePrimary(o)
		}
	case schema.AlterColumn:
		if _, synced := o.Sync(); synced {
			return nil
		}
		text := "NULL"
		if !o.Comment.Null {
			text = schema.Literal(o.Comment.Value)
		}
		return []string{fmt.Sprintf("COMMENT ON COLUMN %s.%s IS %s", s.name(o.Table), schema.Quote(o.Column), text)}
	case schema.SQL:
		if o.OnComplete {
			return []string{o.Up}
		}
	}
	return nil
}

func (s *session) dropConstraint(table, name string) string {
	return fmt.Sprintf("ALTER TABLE %s DROP CONSTRAINT IF EXISTS %s", s.name(table), schema.Quote(name))
}

func identity(i schema.ReplicaIdentity) string {
	if i.Type == "index" {
		return "USING INDEX " + schema.Quote(i.Index)
	}
	return i.Type
}

// makePrimary makes a primary key of its index. The validated checks spare
// the scan for nulls, and are then said by the key itself.
func (s *session) makePrimary(o schema.CreateConstraint) []string {
	table := "ALTER TABLE " + s.name(o.Table) + " "
	var sql []string
	for _, c := range o.Columns {
		sql = append(sql, table+"ALTER COLUMN "+schema.Quote(c)+" SET NOT NULL", table+"DROP CONSTRAINT "+schema.Quote(keyNotNull(o, c)))
	}
	return append(sql, fmt.Sprintf("%sADD CONSTRAINT %s PRIMARY KEY USING INDEX %[2]s%s", table, schema.Quote(o.Name), deferral(o.Deferrable, o.InitiallyDeferred)))
}
