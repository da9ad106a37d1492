package schema_test

import (
	"strings"
	"testing"

	"cutover/internal/schema"
)

func TestAColumnIsChangedByOneOperationOnly(t *testing.T) {
	t.Parallel()
	c := schema.Change{Name: "x", Operations: []schema.Operation{
		schema.RenameColumn{Table: "t", From: "a", To: "b"}, schema.DropColumn{Table: "t", Column: "a"}}}
	if err := c.Validate(); err == nil || !strings.Contains(err.Error(), "changed by operation 1 already") {
		t.Errorf("got %v", err)
	}
}

func TestEveryOperationSaysWhatItDoesInEachStage(t *testing.T) {
	t.Parallel()
	words := schema.Setting{Value: "words"}
	loose := map[string]string{"a": "abs(a)"}
	for _, op := range []schema.Operation{schema.AddColumn{}, schema.AddColumn{Up: "1"}, schema.AlterColumn{Comment: &words}, schema.AlterColumn{Type: "text"},
		schema.CopyColumn{}, schema.CopyColumn{Down: "a"}, schema.CreateConstraint{}, schema.CreateConstraint{Up: loose},
		schema.CreateConstraint{Constraint: schema.Constraint{Type: "unique"}}, schema.CreateConstraint{Constraint: schema.Constraint{Type: "primary_key"}},
		schema.CreateConstraint{Constraint: schema.Constraint{Type: "exclude"}}, schema.CreateIndex{}, schema.CreateTable{}, schema.DropColumn{},
		schema.DropConstraint{}, schema.DropConstraint{Column: "a", Down: "abs(a)"}, schema.DropIndex{}, schema.DropMulticolumnConstraint{}, schema.DropMulticolumnConstraint{Down: loose},
		schema.DropTable{}, schema.Merge{}, schema.RenameColumn{}, schema.RenameConstraint{}, schema.RenameTable{}, schema.SetReplicaIdentity{}, schema.Split{}, schema.SQL{}, schema.SQL{OnComplete: true}} {
		s := op.Stages()
		for stage, does := range map[string]string{"expand": s.Expand, "sync": s.Sync, "backfill": s.Backfill, "verify": s.Verify, "contract": s.Contract, "revert": s.Revert, "reversible": string(s.Reversible)} {
			if does == "" {
				t.Errorf("%T does not say what it does in %s", op, stage)
			}
		}
		if _, free := op.(schema.CreateTable); len(s.Locks) == 0 && !free {
			t.Errorf("%T does not say what it locks", op)
		}
		for _, lock := range s.Locks {
			if lock.Stage == "" || lock.Mode == "" || lock.Blocks == "" {
				t.Errorf("%T has the lock %+v", op, lock)
			}
		}
	}
}

func TestAConstraintNeedsASecondColumnOnlyWhereValuesChange(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		up, down map[string]string
		want     int
	}{
		{nil, nil, 0},
		{map[string]string{"a": "a", "B": `"B"`}, map[string]string{"a": "a", "B": `"B"`}, 0},
		{map[string]string{"a": "abs(a)", "b": "b"}, map[string]string{"a": "a", "b": "b"}, 1},
		{nil, map[string]string{"b": "abs(b)"}, 1},
	} {
		s, copies := schema.DropMulticolumnConstraint{Up: c.up, Down: c.down}.Sync()
		if len(s.New) != c.want || len(s.Old) != c.want || copies != (c.want > 0) {
			t.Errorf("up %v, down %v: %+v", c.up, c.down, s)
		}
	}
	if _, copies := (schema.DropConstraint{Up: "title", Down: "title"}).Sync(); copies {
		t.Error("a constraint that goes makes a second column although no value changes")
	}
	if _, copies := (schema.DropConstraint{Up: "title", Down: "lpad(title, 4, '-')"}).Sync(); !copies {
		t.Error("a constraint that goes makes no second column although old code needs other values")
	}
}
