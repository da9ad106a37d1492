package lint

import (
	"encoding/json"
	"strings"
)

// script is what has happened in the text before the statement at hand.
type script struct {
	sql   string
	facts Facts
	all   []parsed
	// made are the tables and types the script itself made: nobody uses them
	// yet. gone are the tables it dropped.
	made, gone map[string]bool
	// explicit says that a BEGIN is open.
	explicit bool
	// timeouts holds the names set for the session, and those set until the
	// transaction ends.
	timeouts, local map[string]bool
	// warned says that missing timeouts were reported already.
	warned bool
	// checks are constraints CHECK (column IS NOT NULL), by table and name;
	// checked are the columns for which one was validated.
	checks  map[string]string
	checked map[string]bool
	// added are columns the script added, indexed those with an index since.
	added, indexed map[string]bool
	// locked are tables in use on which this transaction holds a lock that
	// keeps readers out; unvalidated its constraints that are not valid.
	locked      map[string]bool
	unvalidated map[string]bool
}

// statement is the one being judged, with what came before it.
type statement struct {
	parsed
	script *script
	last   bool
}

func newScript(sql string, facts Facts, all []parsed) *script {
	return &script{
		sql: sql, facts: facts, all: all,
		made: map[string]bool{}, gone: map[string]bool{},
		timeouts: map[string]bool{}, local: map[string]bool{},
		checks: map[string]string{}, checked: map[string]bool{},
		added: map[string]bool{}, indexed: map[string]bool{},
		locked: map[string]bool{}, unvalidated: map[string]bool{},
	}
}

// inTransaction reports whether statements are not committed one by one.
func (sc *script) inTransaction() bool { return sc.explicit || sc.facts.OneTransaction }

// used reports whether a table may be in use by the code that runs.
func (sc *script) used(r *rangeVar) bool {
	return r != nil && !sc.made[key(r)] && !sc.facts.absent(r) && r.Persistence != "t"
}

// enter notes what holds from the statement on.
func (sc *script) enter(s *statement) {
	if !sc.inTransaction() {
		clear(sc.locked)
		clear(sc.unvalidated)
	}
	if s.Set != nil {
		sc.setTimeout(s.Set.Name, setValue(s.Set), s.Set.Local)
	}
	if s.Select != nil {
		sc.setByFunction(s.Select)
	}
}

// leave notes what the statement did.
func (sc *script) leave(s *statement) {
	switch {
	case s.Transaction != nil:
		sc.transact(s.Transaction.Kind)
	case s.CreateTable != nil:
		sc.made[key(s.CreateTable.Table)] = true
	case s.CreateAs != nil:
		sc.made[key(s.CreateAs.Into.Table)] = true
	case s.Select != nil && s.Select.Into != nil:
		sc.made[key(s.Select.Into.Table)] = true
	case s.CreateEnum != nil:
		sc.made[key(dotted(s.CreateEnum.Name))] = true
	case s.CreateDomain != nil:
		sc.made[key(dotted(s.CreateDomain.Name))] = true
	case s.Rename != nil && s.Rename.Kind == "OBJECT_TABLE" && sc.made[key(s.Rename.Table)]:
		sc.made[key(&rangeVar{Schema: s.Rename.Table.Schema, Name: s.Rename.New})] = true
	case s.Index != nil:
		for _, c := range s.Index.Columns {
			if c.IndexElem != nil {
				sc.indexed[key(s.Index.Table)+"."+c.IndexElem.Column] = true
			}
		}
	case s.Drop != nil && s.Drop.Kind == "OBJECT_TABLE":
		for _, o := range s.Drop.Objects {
			sc.gone[key(dropped(o))] = true
			delete(sc.made, key(dropped(o)))
		}
	}
	sc.alter(s)
	for _, r := range s.exclusive() {
		sc.locked[key(r)] = true
	}
}

func (sc *script) transact(kind string) {
	switch kind {
	case "TRANS_STMT_BEGIN", "TRANS_STMT_START":
		sc.explicit = true
	case "TRANS_STMT_COMMIT", "TRANS_STMT_ROLLBACK", "TRANS_STMT_PREPARE":
		sc.explicit = false
		clear(sc.local)
		clear(sc.locked)
		clear(sc.unvalidated)
	}
}

func (sc *script) alter(s *statement) {
	for _, c := range s.commands() {
		table := key(s.AlterTable.Table)
		switch {
		case c.Kind == "AT_AddColumn" && c.Def.ColumnDef != nil:
			sc.added[table+"."+c.Def.ColumnDef.Name] = true
		case c.Kind == "AT_AddConstraint" && c.Def.Constraint != nil:
			sc.constrain(table, c.Def.Constraint)
		case c.Kind == "AT_ValidateConstraint" && sc.checks[table+"."+c.Column] != "":
			sc.checked[table+"."+sc.checks[table+"."+c.Column]] = true
		}
	}
}

func (sc *script) constrain(table string, c *constraint) {
	if c.NotValid {
		sc.unvalidated[table+"."+c.Name] = true
	}
	if column := neverNull(c.Expr); c.Kind == "CONSTR_CHECK" && column != "" {
		sc.checks[table+"."+c.Name] = column
		if !c.NotValid {
			sc.checked[table+"."+column] = true
		}
	}
}

// neverNull returns the column of an expression "column IS NOT NULL", else "".
func neverNull(expr json.RawMessage) string {
	var n node
	if len(expr) == 0 || json.Unmarshal(expr, &n) != nil {
		return ""
	}
	if n.NullTest == nil || n.NullTest.Kind != "IS_NOT_NULL" || n.NullTest.Arg.ColumnRef == nil {
		return ""
	}
	return dotted(n.NullTest.Arg.ColumnRef.Fields).Name
}

func (sc *script) setTimeout(name, value string, local bool) {
	set := sc.timeouts
	if local {
		set = sc.local
	}
	set[strings.ToLower(name)] = value != "" && strings.Trim(value, "0 ms") != ""
}

func (sc *script) setByFunction(s *selection) {
	for _, t := range s.Targets {
		if t.Target == nil || t.Target.Value.Func == nil {
			continue
		}
		f := t.Target.Value.Func
		if dotted(f.Name).Name == "set_config" && len(f.Args) == 3 {
			sc.setTimeout(constantText(f.Args[0]), constantText(f.Args[1]), false)
		}
	}
}

func setValue(s *set) string {
	if s.Kind != "VAR_SET_VALUE" || len(s.Args) == 0 {
		return ""
	}
	return constantText(s.Args[0])
}

func constantText(n node) string {
	switch {
	case n.Const == nil:
		return ""
	case n.Const.Text != nil:
		return n.Const.Text.Value
	case n.Const.Int != nil && n.Const.Int.Value != 0:
		return "on"
	}
	return ""
}

// commands lists the parts of an ALTER TABLE; none for another statement.
func (s *statement) commands() []*alterCommand {
	if s.AlterTable == nil || s.AlterTable.Kind != "OBJECT_TABLE" {
		return nil
	}
	var list []*alterCommand
	for _, c := range s.AlterTable.Commands {
		if c.AlterCommand != nil {
			list = append(list, c.AlterCommand)
		}
	}
	return list
}

// usedCommands is commands for tables that may be in use.
func (s *statement) usedCommands() []*alterCommand {
	if s.AlterTable == nil || !s.script.used(s.AlterTable.Table) {
		return nil
	}
	return s.commands()
}

// key is the name under which a table is remembered.
func key(r *rangeVar) string {
	if r.Schema == "" || r.Schema == "public" {
		return r.Name
	}
	return r.String()
}
