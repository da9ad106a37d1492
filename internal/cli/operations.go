package cli

import (
	"fmt"
	"strings"

	"cutover/internal/config"
	"cutover/internal/schema"
)

// operation is one operation of a schema change, as `plan` shows it.
type operation struct {
	Number int    `json:"number"`
	Kind   string `json:"kind"`
	Table  string `json:"table,omitempty"`
	// Stages says in words what it does in each.
	Expand   string        `json:"expand,omitempty"`
	Sync     string        `json:"sync,omitempty"`
	Backfill string        `json:"backfill,omitempty"`
	Verify   string        `json:"verify,omitempty"`
	Contract string        `json:"contract,omitempty"`
	Revert   string        `json:"revert,omitempty"`
	Locks    []schema.Lock `json:"locks,omitempty"`
	// Reversible says what a rollback before contract gives back.
	Reversible schema.Reversible `json:"reversible"`
}

// operationsOf lists the operations of a release's schema change; none if it
// has no such file, or one that cannot be read, which lint reports.
func operationsOf(b *config.Bundle, name string) []operation {
	list := []operation{}
	r, err := b.Release(name)
	if err != nil {
		return list
	}
	change, _, _, problem := r.Change()
	if problem != nil {
		return list
	}
	for i, op := range change.Operations {
		st := op.Stages()
		list = append(list, operation{i + 1, op.Kind(), op.Target(), st.Expand, st.Sync, st.Backfill, st.Verify, st.Contract, st.Revert, st.Locks, st.Reversible})
	}
	return list
}

func (s *session) printOperations(list []operation) {
	if len(list) == 0 {
		return
	}
	w := s.out
	fmt.Fprintf(w, "\n%s\n", s.paint(w, bold, "the schema, operation by operation"))
	for _, op := range list {
		fmt.Fprintf(w, "  %d. %s, reversible: %s\n", op.Number, strings.TrimSpace(op.Kind+" "+op.Table), op.Reversible)
		t := &table{}
		for _, stage := range [][2]string{{"expand", op.Expand}, {"backfill", op.Backfill}, {"contract", op.Contract}, {"revert", op.Revert}} {
			if stage[1] != "" {
				t.row("     "+stage[0], stage[1])
			}
		}
		for _, l := range op.Locks {
			t.row("     lock", fmt.Sprintf("%s at %s blocks %s", l.Mode, l.Stage, l.Blocks))
		}
		t.write(w)
	}
}
