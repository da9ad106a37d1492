package config_test

import (
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"cutover/internal/config"
	"cutover/internal/release"
)

// database and change stand in place of "  traffic:" and "  to: v2" of shop.
const (
	inPostgres = "  database: {type: postgres, url: env:DATABASE_URL}\n  traffic:"
	change     = "  to: v2\n  schema: c.yaml"
)

var databaseValues = []bad{
	{"  to: v2", change, "21:11", []string{"the app shop names no database", "add database: {type: postgres"}},
	{"  to: v2", "  to: v2\n  backup: expand", "21:11", []string{"the app shop names no database"}},
	{"  traffic:", "  database: {type: mysql, url: env:X}\n  traffic:", "12:20", []string{`"mysql" is not available yet`, "postgres or sqlite"}},
	{"  traffic:", "  database: {type: postgres}\n  traffic:", "12:13", []string{"spec.database.url: it is missing"}},
	{"  traffic:", "  database: {type: postgres, url: 'env:'}\n  traffic:", "12:35", []string{"env: must be followed"}},
	{"  traffic:", "  database: {type: postgres, url: shop.db}\n  traffic:", "12:35", []string{"not an address of PostgreSQL", "env:NAME or file:PATH"}},
	{"  traffic:", "  database: {type: postgres, url: 'postgres://shop:hunter2@db/shop'}\n  traffic:", "12:35", []string{"it has a password in it", "file:PATH"}},
	{"  traffic:", "  database: {type: postgres, url: 'postgres://db/shop?password=hunter2'}\n  traffic:", "12:35", []string{"it has a password in it"}},
	{"  traffic:", "  database: {type: sqlite, url: 'sqlite://x'}\n  traffic:", "12:33", []string{"a SQLite database is a file"}},
	{"  traffic:", "  database: {type: sqlite, url: x.db, lockTimeout: 0s}\n  traffic:", "12:52", []string{"it must be more than 0"}},
	{"  to: v2", "  to: v2\n  schema: {pace: fast}", "", []string{`"fast" is not one of the choices`}},
	{"  to: v2", "  to: v2\n  schema: {}", "", []string{"either a file of operations or native migrations"}},
	{"  to: v2", "  to: v2\n  schema: {change: c.yaml, native: {upgrade: up, head: head, to: b}}", "", []string{"keep one of change and native"}},
	{"  to: v2", "  to: v2\n  schema: {native: {upgrade: up, to: b}}", "", []string{"spec.schema.native.head: it is missing"}},
	{"  to: v2", "  to: v2\n  schema: {native: {upgrade: up, head: head, from: b, to: b}}", "", []string{`leads from "b" to the same`}},
	{"  to: v2", "  to: v2\n  schema: {native: {upgrade: \"up 'x\", head: head, to: b}}", "", []string{"is not closed"}},
	{"  to: v2", "  to: v2\n  schema: {native: {upgrade: 'up {{port}}', head: head, to: b}}", "", []string{"{{port}} is not a placeholder"}},
	{"  to: v2", "  to: v2\n  schema: {native: {upgrade: up, head: head, to: b, timeout: 0s}}", "", []string{"it must be more than 0"}},
	{"  to: v2", "  to: v2\n  backup: {before: contract}", "", []string{`"contract" is not one of the choices`}},
	{"  to: v2", "  to: v2\n  backup: {keep: 0}", "", []string{"0 is too small, the least is 1"}},
}

const email = `
operations:
  - add_column:
      table: users
      column: {name: email, type: text}
      up: username || '@example.com'
`

// withChange writes shop with a schema change, and the change beside it.
func withChange(t *testing.T, database, release, change string) string {
	t.Helper()
	text := strings.Replace(strings.Replace(shop, "  traffic:", database, 1), "  to: v2", release, 1)
	return write(t, map[string]string{"cutover.yaml": text, "c.yaml": change})
}

func TestASchemaChangeIsKeptWithThePlan(t *testing.T) {
	t.Parallel()
	dir := withChange(t, inPostgres, change+"\n  backup: {verify: true}", email)
	keep := snapshots(t)
	b, err := config.Load(t.Context(), filepath.Join(dir, "cutover.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	p, err := b.Plan(t.Context(), "shop", serves("v1", release.Green), keep)
	if err != nil {
		t.Fatal(err)
	}
	db := release.Database{Driver: release.PostgreSQL, URL: "env:DATABASE_URL", Namespace: "public", LockTimeout: 300 * time.Millisecond}
	want := release.Schema{Expand: true, Backfill: true, Contract: true, Change: p.Schema.Change,
		Fill: release.Fill{Pace: release.Shared, Within: 168 * time.Hour}}
	if p.Schema.Change.Name != "c.yaml" || p.Schema.Change.Digest == "" || p.Schema.Expand != want.Expand || !reflect.DeepEqual(p.Database, db) || p.Schema.Fill != want.Fill || p.Schema.IsNative() {
		t.Errorf("the plan has %+v, want %+v", p.Schema, want)
	}
	if content, err := keep.Read(p.Schema.Change.Digest); err != nil || string(content) != email {
		t.Errorf("kept is %q, %v", content, err)
	}
	backup := release.Backup{Before: release.Expanding, Keep: 3, KeepFor: 168 * time.Hour, Verify: true}
	if p.Backup != backup {
		t.Errorf("the backup is %+v, want %+v", p.Backup, backup)
	}
}

func TestNativeMigrationsRunInTheNewVersion(t *testing.T) {
	t.Parallel()
	dir := withChange(t, "  database: {type: sqlite, url: data/shop.db}\n  traffic:",
		"  to: v2\n  schema: {native: {upgrade: 'bin-{{version}} up', head: [bin, head], from: 007, to: 008}}", email)
	b, err := config.Load(t.Context(), filepath.Join(dir, "cutover.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	p, err := b.Plan(t.Context(), "shop", serves("v1", release.Green), snapshots(t))
	if err != nil {
		t.Fatal(err)
	}
	n := p.Schema.Native
	if strings.Join(n.Upgrade, " ") != "bin-v2 up" || n.From != "007" || n.To != "008" || n.Downgrade != nil || n.Timeout != 10*time.Minute {
		t.Errorf("the plan has %+v", n)
	}
	if p.Database.URL != filepath.Join(dir, "data/shop.db") || p.Schema.Backfill || p.Schema.Contract || !p.Schema.Stays() {
		t.Errorf("the plan has %+v", p.Schema)
	}
}

func TestAChangeThatCannotBeReadIsAProblemOfItsPlace(t *testing.T) {
	t.Parallel()
	for content, want := range map[string]string{
		"operations:\n  - add_colum: {}\n": `there is no operation "add_colum"`,
		"operations: []\n":                 "has no operations",
		"a: b\n":                           "unknown field",
	} {
		dir := withChange(t, inPostgres, change, content)
		b, err := config.Load(t.Context(), filepath.Join(dir, "cutover.yaml"))
		if err != nil {
			t.Fatal(err)
		}
		_, err = b.Plan(t.Context(), "shop", serves("v1", release.Green), snapshots(t))
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "cutover.yaml:22:11") {
			t.Errorf("%q: %v, want %q at the place that names the file", content, err, want)
		}
		if found := config.Lint(b); !strings.Contains(ids(found), "unusable-file") {
			t.Errorf("%q: lint found %s", content, ids(found))
		}
	}
}

func ids(found []config.Finding) string {
	var list []string
	for _, f := range found {
		list = append(list, f.ID)
	}
	return strings.Join(list, " ")
}

func TestLintSaysWhatASchemaChangeMayCost(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ release, change, want string }{
		{change, email, "no-backup"},
		{change + "\n  backup: expand", "operations:\n  - sql: {up: 'SELECT 1', down: 'SELECT 2'}\n", "manual-revert"},
		{"  to: v2\n  schema: {native: {upgrade: up, head: head, to: b}}", "", "no-downgrade"},
	} {
		dir := withChange(t, inPostgres, c.release, c.change)
		b, err := config.Load(t.Context(), filepath.Join(dir, "cutover.yaml"))
		if err != nil {
			t.Fatal(err)
		}
		if got := ids(config.Lint(b)); !strings.Contains(got, c.want) {
			t.Errorf("lint found %s, want %s", got, c.want)
		}
	}
}
