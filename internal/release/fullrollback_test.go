package release

import (
	"strings"
	"testing"
)

func TestAFullRollbackNamesTheOlderVersionAndItsBackup(t *testing.T) {
	t.Parallel()
	s := stateIn(shopPlan(Canary, 2), Done)
	s.Saved = &Saved{Name: "shop-1"}
	p, err := FullRollback(s, "r2-back")
	if err != nil {
		t.Fatal(err)
	}
	if p.Strategy != Restore || p.Restore != "shop-1" || p.From.Version != "v2" || p.To.Version != "v1" || p.To.Side == p.From.Side || p.Schema.Changes() || !p.Backup.Wanted() {
		t.Errorf("the plan is %+v", p)
	}
}

func TestAFullRollbackIsRefusedWhereItMakesNoSense(t *testing.T) {
	t.Parallel()
	first := stateIn(shopPlan(Canary, 2), Done)
	first.Plan.From = Target{}
	for _, c := range []struct {
		state State
		want  string
	}{
		{stateIn(shopPlan(Canary, 2), Standby), "without losing anything"},
		{stateIn(shopPlan(Canary, 2), Retiring), "wait for its end"},
		{stateIn(shopPlan(Canary, 2), RolledBack), "rolled-back"},
		{first, "the first of shop"},
		{stateIn(shopPlan(Canary, 2), Done), "took no backup"},
	} {
		if _, err := FullRollback(c.state, "x"); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("in %s: %v, want %q", c.state.Phase, err, c.want)
		}
	}
}
