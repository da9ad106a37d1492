package config_test

import (
	"path/filepath"
	"strings"
	"testing"

	"cutover/internal/config"
	"cutover/internal/release"
)

func TestWhatARehearsalMayFindIsSaidWithItsReason(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]release.Rehearsal{
		"rehearse: expand": {Before: release.Expanding},
		"rehearse: {allow: destructive, reason: nobody reads it}": {Before: release.Expanding, Allow: release.Destructive, Reason: "nobody reads it"},
		"rehearse: {allow: care, reason: seen}":                   {Before: release.Expanding, Allow: release.NeedsCare, Reason: "seen"},
	} {
		dir := withChange(t, inPostgres, change+"\n  "+text, email)
		b, err := config.Load(t.Context(), filepath.Join(dir, "cutover.yaml"))
		if err != nil {
			t.Fatal(err)
		}
		p, err := b.Plan(t.Context(), "shop", serves("v1", release.Green), snapshots(t))
		if err != nil || p.Rehearsal != want {
			t.Errorf("%s: the plan has %+v, %v", text, p.Rehearsal, err)
		}
	}
}

func TestARehearsalThatCannotBeIsAMistake(t *testing.T) {
	t.Parallel()
	const inSQLite = "  database: {type: sqlite, url: shop.db}\n  traffic:"
	for _, c := range []struct{ app, release, want string }{
		{inPostgres, change + "\n  rehearse: {allow: care}", "nobody says why"},
		{inPostgres, change + "\n  rehearse: {reason: so}", "nothing it allows"},
		{inPostgres, "  to: v2\n  rehearse: expand", "nothing to rehearse"},
		{inSQLite, change + "\n  rehearse: expand", "only PostgreSQL"},
	} {
		dir := withChange(t, c.app, c.release, email)
		if _, err := config.Load(t.Context(), filepath.Join(dir, "cutover.yaml")); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.release, err, c.want)
		}
	}
}

func TestOnlySQLThatIsJudgedCanBeAccepted(t *testing.T) {
	t.Parallel()
	const accept = "accept: [{id: wide-index, reason: it pays}]"
	for _, c := range []struct{ app, release, want string }{
		{inPostgres, "  to: v2\n  schema: {native: {upgrade: up, head: head, to: b}, " + accept + "}", "native migrations have none"},
		{"  database: {type: sqlite, url: shop.db}\n  traffic:", "  to: v2\n  schema: {change: c.yaml, " + accept + "}", "SQLite"},
		{inPostgres, "  to: v2\n  schema: {change: c.yaml, accept: [{id: wide-index}]}", "reason"},
	} {
		dir := withChange(t, c.app, c.release, email)
		if _, err := config.Load(t.Context(), filepath.Join(dir, "cutover.yaml")); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.release, err, c.want)
		}
	}
}
