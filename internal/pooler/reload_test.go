package pooler

import (
	"maps"
	"os"
	"strings"
	"testing"

	"cutover/internal/release"
	"cutover/internal/snapshot"
	testpgbouncer "cutover/internal/testkit/pgbouncer"
)

// filing keeps a configuration and returns who puts it there, and the order.
func filing(t *testing.T, b *testpgbouncer.Server, text string) (*Pools, release.PoolFileOrder) {
	t.Helper()
	files, err := snapshot.New(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	kept, err := files.Save("pgbouncer.ini", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	o := release.PoolFileOrder{PoolOrder: order(b)}
	o.Pooler.File = release.PoolFile{Path: b.Config, Content: kept}
	return &Pools{Files: files, Path: t.TempDir()}, o
}

func sizeOf(t *testing.T, b *testpgbouncer.Server, name string) string {
	t.Helper()
	for _, db := range show(t, b, "DATABASES") {
		if db["name"] == name {
			return db["pool_size"]
		}
	}
	return "none"
}

func both() map[string]string { return map[string]string{"shop-1": "postgres", "shop-2": "postgres"} }

func larger(mode string) testpgbouncer.Settings {
	return testpgbouncer.Settings{"default_pool_size": "7", "pool_mode": mode}
}

func TestAConfigurationIsReadAndTakenBackWithItsModeAndOwner(t *testing.T) {
	t.Parallel()
	b := shop(t, transactions)
	before, err := os.ReadFile(b.Config)
	if err != nil {
		t.Fatal(err)
	}
	was, err := os.Stat(b.Config)
	if err != nil {
		t.Fatal(err)
	}
	p, o := filing(t, b, b.Text(both(), larger("transaction")))
	for range 2 { // repeatable, and what was there before is still known
		if err := p.Reload(patient(t), o); err != nil {
			t.Fatal(err)
		}
	}
	if size := sizeOf(t, b, "shop-1"); size != "7" {
		t.Errorf("the pool has %s places, want 7", size)
	}
	now, err := os.Stat(b.Config)
	if err != nil || now.Mode() != was.Mode() || ownerOf(now) != ownerOf(was) {
		t.Errorf("the file is %v of %v, and was %v of %v: %v", now.Mode(), ownerOf(now), was.Mode(), ownerOf(was), err)
	}
	o.Back = true
	for range 2 {
		if err := p.Reload(patient(t), o); err != nil {
			t.Fatal(err)
		}
	}
	if size := sizeOf(t, b, "shop-1"); size != "2" {
		t.Errorf("the pool has %s places, want 2", size)
	}
	if after, err := os.ReadFile(b.Config); err != nil || string(after) != string(before) {
		t.Errorf("the file is not as before: %v", err)
	}
}

func TestAConfigurationThatPgBouncerRefusesOrThatForgetsTheAppIsTakenBackAtOnce(t *testing.T) {
	t.Parallel()
	one := both()
	maps.DeleteFunc(one, func(name, _ string) bool { return name == "shop-2" })
	for name, text := range map[string]func(b *testpgbouncer.Server) string{
		"forgets": func(b *testpgbouncer.Server) string { return b.Text(one, larger("transaction")) },
		"refuses": func(b *testpgbouncer.Server) string { return b.Text(both(), larger("sometimes")) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := shop(t, transactions)
			before, err := os.ReadFile(b.Config)
			if err != nil {
				t.Fatal(err)
			}
			p, o := filing(t, b, text(b))
			if err := p.Reload(patient(t), o); err == nil || !strings.Contains(err.Error(), "it has the one before again") {
				t.Errorf("it ended with %v", err)
			}
			if after, err := os.ReadFile(b.Config); err != nil || string(after) != string(before) {
				t.Errorf("the file is not as before: %v", err)
			}
			if size := sizeOf(t, b, "shop-2"); size != "2" {
				t.Errorf("the pool has %s places, want 2", size)
			}
		})
	}
}
