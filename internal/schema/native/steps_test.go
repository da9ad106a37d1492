package native_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"cutover/internal/schema/native"
)

// stepwise is a migration of three revisions, each of which adds a column in
// one transaction with its number.
func stepwise(t *testing.T, dsn string) native.Migration {
	t.Helper()
	command := func(sql string) native.Command {
		return native.Command{Args: []string{"psql", "-X", "-q", "-A", "-t", "-1", "-v", "ON_ERROR_STOP=1", dsn, "-c", sql}}
	}
	return native.Migration{From: "one", To: "r3", Revisions: []string{"r1", "r2", "r3"},
		Upgrade:   command("ALTER TABLE users ADD COLUMN {{revision}} text; UPDATE version SET revision = '{{revision}}'"),
		Downgrade: command("UPDATE version SET revision = '{{revision}}'"),
		Head:      command("SELECT revision FROM version")}
}

func TestAnUpgradeGoesARevisionAtATimeAndBack(t *testing.T) {
	t.Parallel()
	dsn := app(t)
	m := stepwise(t, dsn)
	r, err := m.Up(context.Background(), budget)
	if err != nil || r.Before != "one" || r.After != "r3" || columns(t, dsn, "users") != 5 {
		t.Fatalf("%+v, %v, %d columns", r, err, columns(t, dsn, "users"))
	}
	var steps []string
	for _, s := range r.Took {
		steps = append(steps, s.Revision)
	}
	if !slices.Equal(steps, m.Revisions) {
		t.Errorf("it went %q", steps)
	}
	if r, err = m.Up(context.Background(), budget); err != nil || !r.Already {
		t.Errorf("again: %+v, %v", r, err)
	}
	if r, err = m.Down(context.Background(), budget); err != nil || r.After != "one" || len(r.Took) != 3 {
		t.Errorf("back: %+v, %v", r, err)
	}
}

func TestAnUpgradeThatFailedOnItsWayGoesOnFromThere(t *testing.T) {
	t.Parallel()
	dsn := app(t)
	m := stepwise(t, dsn)
	run(t, dsn, "ALTER TABLE users ADD COLUMN r2 text")
	if r, err := m.Up(context.Background(), budget); err == nil || r.After != "r1" {
		t.Fatalf("%+v, %v; want it to end at r1", r, err)
	}
	if at, revision, err := m.At(context.Background(), budget); at != native.Between || revision != "r1" || err != nil {
		t.Errorf("it is at %v %q, %v", at, revision, err)
	}
	run(t, dsn, "ALTER TABLE users DROP COLUMN r2")
	r, err := m.Up(context.Background(), budget)
	if err != nil || r.Before != "r1" || len(r.Took) != 2 {
		t.Errorf("the second try: %+v, %v", r, err)
	}
	run(t, dsn, "UPDATE version SET revision = 'r2'")
	if r, err = m.Down(context.Background(), budget); err != nil || len(r.Took) != 2 || r.After != "one" {
		t.Errorf("back from the way: %+v, %v", r, err)
	}
	run(t, dsn, "UPDATE version SET revision = 'elsewhere'")
	if _, err = m.Up(context.Background(), budget); !errors.Is(err, native.ErrHead) {
		t.Errorf("from elsewhere: %v", err)
	}
}

func TestAProgramThatWalksByItselfRunsOnceAndGoesOnFromWhereItWas(t *testing.T) {
	t.Parallel()
	dsn := app(t)
	m := stepwise(t, dsn)
	m.Upgrade = native.Command{Args: []string{"psql", "-X", "-q", dsn, "-c", "UPDATE version SET revision = 'r3'"}}
	run(t, dsn, "UPDATE version SET revision = 'r1'")
	if r, err := m.Up(context.Background(), budget); err != nil || r.Before != "r1" || r.After != "r3" || len(r.Took) != 1 {
		t.Errorf("%+v, %v", r, err)
	}
	up, down := m.Legs()
	if len(up) != 1 || len(down) != 3 || down[0].Revision != "r2" || down[2].Revision != "one" {
		t.Errorf("up %+v, down %+v", up, down)
	}
}
