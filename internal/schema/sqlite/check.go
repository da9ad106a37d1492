package sqlite

import (
	"context"
	"errors"
	"fmt"

	"cutover/internal/schema"
)

// Check looks for everything in the database that the change does not fit,
// tries its expressions on rows that are there, and carries the whole change
// out, and back, on an empty copy of the schema in memory. It creates nothing.
// What it finds comes as one error that wraps ErrRefused.
func (e *Engine) Check(ctx context.Context, c schema.Change) error {
	s, err := e.open(ctx, c)
	if err != nil {
		return err
	}
	defer s.close()
	return s.check(ctx)
}

func (s *session) check(ctx context.Context) error {
	created := map[string]bool{}
	for _, op := range s.change.Operations {
		if o, ok := op.(schema.CreateTable); ok {
			created[o.Name] = true
		}
	}
	var found []error
	for i, op := range s.change.Operations {
		problems := unsupported(op)
		if len(problems) == 0 {
			var err error
			if problems, err = s.fits(ctx, i, created); err != nil {
				return fmt.Errorf("checking operation %d, %s: %w", i+1, op.Kind(), err)
			}
		}
		for _, p := range problems {
			found = append(found, fmt.Errorf("operation %d, %s: %s", i+1, op.Kind(), p))
		}
	}
	if len(found) == 0 {
		problem, err := s.rehearse(ctx)
		if err != nil {
			return err
		}
		if problem != nil {
			found = append(found, problem)
		}
	}
	if err := ctx.Err(); err != nil {
		// What failed because the time was over says nothing of the change.
		return fmt.Errorf("trying the change, which did not come to an end: %w; it is tried again whenever that is asked for", err)
	}
	if len(found) > 0 {
		return fmt.Errorf("%w: %w", ErrRefused, errors.Join(found...))
	}
	return nil
}

// fits returns what keeps one operation from being carried out.
func (s *session) fits(ctx context.Context, i int, created map[string]bool) ([]string, error) {
	op := s.change.Operations[i]
	problems, err := s.names(ctx, op)
	if _, goes := op.(schema.DropTable); goes || err != nil || len(problems) > 0 || op.Target() == "" || created[op.Target()] {
		return problems, err
	}
	t, err := s.table(ctx, op.Target())
	if errors.Is(err, errNoTable) {
		return []string{err.Error()}, nil
	}
	if err != nil {
		return nil, err
	}
	problems = shape(t)
	if _, drops := op.(schema.DropConstraint); !drops && len(problems) == 0 {
		problems, err = s.smallEnough(ctx, t)
	}
	if err != nil || len(problems) > 0 {
		return problems, err
	}
	if add, ok := op.(schema.AddColumn); ok && add.Up == "" {
		if _, taken := t.column(add.Column.Name); taken {
			return []string{"the column " + add.Column.Name + " exists already"}, nil
		}
		return s.plainColumn(ctx, add.Column)
	}
	p, ok, err := s.pair(ctx, i, nil)
	if err != nil || !ok {
		return nil, err
	}
	return s.pairFits(ctx, p)
}

// names checks what an operation makes or removes by its name.
func (s *session) names(ctx context.Context, op schema.Operation) ([]string, error) {
	switch o := op.(type) {
	case schema.CreateTable:
		return s.mustBeFree(ctx, o.Name)
	case schema.DropTable:
		return s.mustBeAlone(ctx, o.Name)
	case schema.DropIndex:
		return s.mustExist(ctx, "index", o.Name)
	case schema.CreateIndex:
		return s.mustBeFree(ctx, o.Name)
	}
	return nil, nil
}

// plainColumn checks a column that its default alone fills. SQLite takes any
// default as long as a table has no rows, so that it is tried on one that has.
func (s *session) plainColumn(ctx context.Context, c schema.Column) ([]string, error) {
	m, err := s.memory(ctx)
	if err != nil {
		return nil, err
	}
	defer m.close()
	if err := m.exec(ctx, "CREATE TABLE one (a)", "INSERT INTO one VALUES (1)"); err != nil {
		return nil, err
	}
	c.References, c.Check = nil, nil // these may name what is not here
	if err := m.exec(ctx, "ALTER TABLE one ADD COLUMN "+columnText(c)); err != nil {
		return []string{fmt.Sprintf("%v; give the default as `up` too", err)}, nil
	}
	return nil, nil
}

// shape says which tables cannot hold two shapes.
func shape(t table) []string {
	switch {
	case t.kind != "table":
		return []string{fmt.Sprintf("%s is not a plain table but a %s", t.name, t.kind)}
	case t.withoutRowid:
		return []string{t.name + " is declared WITHOUT ROWID, and rows are filled by their rowid; create a table of the new shape, let new code write both, and drop this one in a later change"}
	case t.rowid == "":
		return []string{t.name + " has columns named _rowid_, rowid and oid, so that its rows cannot be told apart; rename one of them"}
	}
	return nil
}

func (s *session) mustBeFree(ctx context.Context, name string) ([]string, error) {
	taken, err := s.exists(ctx, name)
	if err != nil || !taken {
		return nil, err
	}
	return []string{"the name " + name + " is taken"}, nil
}

func (s *session) mustExist(ctx context.Context, kind, name string) ([]string, error) {
	found, err := s.list(ctx, "SELECT name FROM sqlite_schema WHERE type = ? AND lower(name) = lower(?)", kind, name)
	if err != nil || len(found) > 0 {
		return nil, err
	}
	return []string{"there is no " + kind + " " + name}, nil
}

// mustBeAlone checks that no row of another table refers to a table.
func (s *session) mustBeAlone(ctx context.Context, name string) ([]string, error) {
	problems, err := s.mustExist(ctx, "table", name)
	if err != nil || len(problems) > 0 {
		return problems, err
	}
	others, err := s.list(ctx, `SELECT DISTINCT l.name FROM pragma_table_list AS l, pragma_foreign_key_list(l.name) AS f
		WHERE l.schema = 'main' AND l.type = 'table' AND lower(f."table") = lower(?1) AND lower(l.name) <> lower(?1)`, name)
	for _, other := range others {
		problems = append(problems, fmt.Sprintf("the foreign key of %s refers to %s; drop that table too, or change it first", other, name))
	}
	return problems, err
}

// smallEnough checks that what has to happen in one transaction does not keep
// writers out for too long: removing a column, building an index and checking
// a constraint each read or write the whole table.
func (s *session) smallEnough(ctx context.Context, t table) ([]string, error) {
	most := s.rewrite()
	if most < 0 {
		return nil, nil
	}
	var bytes int64
	if err := s.get(ctx, "SELECT coalesce(sum(pgsize), 0) FROM dbstat WHERE name = ?", []any{t.name}, &bytes); err != nil {
		return nil, fmt.Errorf("measuring %s: %w", t.name, err)
	}
	if bytes <= most {
		return nil, nil
	}
	return []string{fmt.Sprintf("%s has %d MiB, and contract or revert would rewrite it while nobody else can write to the database; the limit is %d MiB: raise it if such a pause is acceptable", t.name, bytes>>20, most>>20)}, nil
}

// pairFits checks names, the old columns, and the expressions.
func (s *session) pairFits(ctx context.Context, p pair) ([]string, error) {
	var problems []string
	for _, n := range p.New {
		if _, taken := p.table.column(n.Physical); taken {
			problems = append(problems, "the column "+n.Physical+" exists already")
		}
	}
	for _, o := range p.Old {
		problems = append(problems, oldProblems(p, o)...)
	}
	if len(problems) > 0 {
		return problems, nil
	}
	return s.dryRun(ctx, p)
}

// oldProblems says what of an old column contract would silently take along,
// or no trigger can write.
func oldProblems(p pair, o schema.OldColumn) []string {
	old, ok := p.table.column(o.Name)
	switch {
	case !ok:
		return []string{"there is no column " + o.Name}
	case old.generated:
		return []string{"the column " + o.Name + " is generated; nothing can be written to it"}
	case old.key:
		return []string{"the column " + o.Name + " is of the primary key; it cannot change while old code runs"}
	case has(old.def, "CHECK"):
		return []string{"the check on the column " + o.Name + " would go with it; declare it for the new one in this change, and drop the old one first"}
	case has(old.def, "REFERENCES"):
		return []string{"the foreign key of the column " + o.Name + " would go with it; it cannot be taken over"}
	case has(old.def, "UNIQUE"):
		return []string{"the column " + o.Name + " is unique by its declaration, which cannot be dropped; it cannot change while old code runs"}
	case has(old.def, "ON", "CONFLICT"):
		return []string{"the column " + o.Name + " is NOT NULL with a conflict clause, which could not be put back"}
	case o.Down == "" && old.notNull && old.defaultTo == "":
		return []string{"the column " + o.Name + " is not nullable and has no default: new code's rows need a `down`"}
	}
	return nil
}
