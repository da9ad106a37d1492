package release

import (
	"slices"
	"strings"
	"testing"
	"time"
)

func pooledPlan() Plan {
	return Plan{App: "shop", From: Target{Version: "v1", Side: Blue}, To: Target{Version: "v2", Side: Green}, Schema: Schema{Expand: true, Contract: true},
		Database: Database{Pooler: Pooler{Console: "env:CONSOLE", Databases: []string{"{{app}}", "{{app}}-{{side}}"}, Application: "{{app}}-{{version}}",
			Around: []ActionKind{ActContract}, PauseMost: 5 * time.Second}}}
}

func TestThePoolsOfASideAreNamedAfterIt(t *testing.T) {
	t.Parallel()
	p := pooledPlan()
	if got := p.PoolNames(); !slices.Equal(got, []string{"shop", "shop-blue", "shop-green"}) {
		t.Errorf("both sides ask for %v", got)
	}
	if got := p.PoolOwn(Blue); !slices.Equal(got, []string{"shop-blue"}) {
		t.Errorf("blue alone asks for %v", got)
	}
	if got := p.PoolApplication(Green); got != "shop-v2" {
		t.Errorf("green connects as %s", got)
	}
	p.From = Target{Side: Blue}
	if got := p.PoolNames(); !slices.Equal(got, []string{"shop", "shop-green"}) {
		t.Errorf("in a first release they ask for %v", got)
	}
}

func TestAPlanTellsWhoWaitsAndAnAppsOwnMigrationsNeverDo(t *testing.T) {
	t.Parallel()
	p := pooledPlan()
	if got := p.waiting(ActContract); !strings.Contains(got, "PgBouncer's clients wait, 5s at most") {
		t.Errorf("it says %q", got)
	}
	if p.PausesFor(ActExpand) || p.waiting(ActExpand) != "" {
		t.Error("clients wait for what the plan does not name")
	}
	p.Schema.Native.Upgrade = []string{"alembic", "upgrade", "head"}
	if p.PausesFor(ActContract) {
		t.Error("the app's own migrations would wait for themselves")
	}
}

func TestPoolsThatDoNotFitTheDatabaseAreRefusedWithTheirNumbers(t *testing.T) {
	t.Parallel()
	p := pooledPlan()
	p.Replicas, p.Database.Pool = 2, Pool{PerInstance: 100, Reserve: 5}
	if err := p.FitsIn(Room{Max: 100, Kept: 3, Others: 2, Pools: 90}); err != nil {
		t.Errorf("what the pools open fits, however many clients there are: %v", err)
	}
	err := p.FitsIn(Room{Max: 100, Kept: 3, Others: 2, Pools: 91})
	if err == nil || !strings.Contains(err.Error(), "91 + 5 in reserve = 96, and there are 95") {
		t.Errorf("it is answered %v", err)
	}
}
