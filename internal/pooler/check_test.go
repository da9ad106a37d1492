package pooler

import (
	"strings"
	"testing"
	"time"

	"cutover/internal/release"
	testpgbouncer "cutover/internal/testkit/pgbouncer"
)

// plan is that of a release of two instances a side with ten connections each.
func plan(b *testpgbouncer.Server) release.Plan {
	return release.Plan{App: "shop", Replicas: 2, From: release.Target{Version: "1", Side: release.Blue}, To: release.Target{Version: "2", Side: release.Green},
		Database: release.Database{Driver: release.PostgreSQL, Pool: release.Pool{PerInstance: 10}, Pooler: release.Pooler{
			Console: b.Console("admin"), Databases: []string{"{{app}}-{{version}}"}, PauseMost: 5 * time.Second, DrainMost: time.Second,
			Around: []release.ActionKind{release.ActContract}}}}
}

func TestAPgBouncerThatFitsIsTakenWithWhatItsPoolsOpen(t *testing.T) {
	t.Parallel()
	servers, err := Check(patient(t), plan(shop(t, testpgbouncer.Settings{"pool_mode": "transaction", "default_pool_size": "15"})))
	if err != nil || servers != 30 {
		t.Errorf("%d server connections, %v; want 30", servers, err)
	}
}

func TestWhatCannotWorkIsRefusedWithItsCure(t *testing.T) {
	b := shop(t, testpgbouncer.Settings{"pool_mode": "transaction", "auth_type": "plain", "query_wait_timeout": "20", "max_client_conn": "50"})
	t.Setenv("CONSOLE", "postgres://admin:geheim@"+b.Addr+"/pgbouncer?sslmode=disable")
	t.Setenv("WRONG", "postgres://admin:verkehrt@"+b.Addr+"/pgbouncer?sslmode=disable")
	t.Setenv("STATS", "postgres://stats:geheim@"+b.Addr+"/pgbouncer?sslmode=disable")
	t.Setenv("STRANGER", "postgres://stranger:geheim@"+b.Addr+"/pgbouncer?sslmode=disable")
	t.Setenv("POSTGRES", strings.Replace(pg.LoopbackDSN("postgres"), "/postgres?", "/pgbouncer?", 1))
	t.Setenv("DATABASE", pg.LoopbackDSN("postgres"))
	t.Setenv("NOBODY", "postgres://admin:geheim@127.0.0.1:1/pgbouncer?sslmode=disable")
	for name, c := range map[string]struct {
		change func(*release.Plan)
		want   []string
	}{
		"as it is":             {func(*release.Plan) {}, nil},
		"a wrong address":      {at("NOBODY"), []string{"cannot be reached", "see that it runs and that the address is right"}},
		"a wrong password":     {at("WRONG"), []string{"cannot be reached", "correct the user and password"}},
		"PostgreSQL itself":    {at("POSTGRES"), []string{"no PgBouncer but PostgreSQL itself"}},
		"another database":     {at("DATABASE"), []string{"no console of PgBouncer"}},
		"one who may not look": {at("STRANGER"), []string{"admin_users"}},
		"one who may not act":  {at("STATS"), []string{"the user stats may look", "add it to admin_users"}},
		"no such variable":     {at("NO_SUCH_VARIABLE"), []string{"NO_SUCH_VARIABLE"}},
		"an unknown database": {func(p *release.Plan) { p.Database.Pooler.Databases = []string{"stop"} },
			[]string{"no database stop: it has shop-1, shop-2", "[databases]"}},
		"too long a pause":  {func(p *release.Plan) { p.Database.Pooler.PauseMost = 20 * time.Second }, []string{"query_wait_timeout = 20", "lower pause.atMost"}},
		"too many clients":  {func(p *release.Plan) { p.Database.Pool.PerInstance = 13 }, []string{"= 52 clients", "max_client_conn is 50"}},
		"without any pause": {func(p *release.Plan) { p.Database.Pooler.Around, p.Database.Pooler.PauseMost = nil, time.Hour }, nil},
	} {
		p := plan(b)
		p.Database.Pooler.Console = "env:CONSOLE"
		c.change(&p)
		_, err := Check(patient(t), p)
		if (err == nil) != (c.want == nil) {
			t.Errorf("%s: %v", name, err)
		}
		for _, want := range c.want {
			if err != nil && (!strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "geheim")) {
				t.Errorf("%s: %q is not said in: %v", name, want, err)
			}
		}
	}
}

func at(name string) func(*release.Plan) {
	return func(p *release.Plan) { p.Database.Pooler.Console = "env:" + name }
}

func TestAPoolThatIsTooSmallOrCannotBePausedIsRefused(t *testing.T) {
	t.Parallel()
	b := shop(t, nil)
	if _, err := Check(patient(t), plan(b)); err == nil || !strings.Contains(err.Error(), "in session mode: a pause would wait") {
		t.Errorf("a pause in session mode: %v", err)
	}
	p := plan(b)
	p.Database.Pooler.Around = []release.ActionKind{release.ActExchange}
	if _, err := Check(patient(t), p); err == nil || !strings.Contains(err.Error(), "the pool is too small") || !strings.Contains(err.Error(), "= 40 clients has a server connection to itself, and there are 4") {
		t.Errorf("a small pool: %v", err)
	}
	p.Database.Pool.PerInstance = 1
	if _, err := Check(patient(t), p); err != nil {
		t.Errorf("a pool that suffices: %v", err)
	}
	if err := new(Pools).Pause(patient(t), order(b)); err != nil {
		t.Fatal(err)
	}
	if _, err := Check(patient(t), p); err == nil || !strings.Contains(err.Error(), "shop-1 is paused") {
		t.Errorf("a pool that somebody has paused: %v", err)
	}
}

func TestAnAddressThatLeadsThroughThePoolIsFound(t *testing.T) {
	t.Parallel()
	for database, want := range map[string]bool{
		"postgres://shop@127.0.0.1:6432/shop": true, "postgres://shop@localhost:6432/shop": true,
		"postgres://shop@127.0.0.1:5432/shop": false, "postgres://shop@10.0.0.1:6432/shop": false,
	} {
		if got, err := Leads(database, "postgres://admin@127.0.0.1:6432/pgbouncer"); err != nil || got != want {
			t.Errorf("%s: %v, %v", database, got, err)
		}
	}
}
