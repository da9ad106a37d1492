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

func TestEveryOperationSaysWhatARevertGivesBack(t *testing.T) {
	t.Parallel()
	words := schema.Setting{Value: "words"}
	for _, op := range []schema.Operation{schema.AddColumn{}, schema.AddColumn{Up: "1"}, schema.AlterColumn{Comment: &words}, schema.AlterColumn{Type: "text"},
		schema.CreateConstraint{}, schema.CreateIndex{}, schema.CreateTable{}, schema.DropColumn{}, schema.DropConstraint{}, schema.DropIndex{},
		schema.DropTable{}, schema.Merge{}, schema.RenameColumn{}, schema.RenameTable{}, schema.Split{}, schema.SQL{}, schema.SQL{OnComplete: true}} {
		s := op.Stages()
		if s.Reversible == "" || s.Expand+s.Backfill+s.Contract == "" {
			t.Errorf("%T says %+v", op, s)
		}
	}
}
