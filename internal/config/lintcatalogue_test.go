package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cutover/internal/config"
)

// copied copies the Superset example and replaces texts in one of its files.
func copied(t *testing.T, name string, pairs ...string) *config.Bundle {
	t.Helper()
	dir := t.TempDir()
	for _, file := range []string{"app.yaml", "release.yaml", "catalogue.json", "superset_config.py"} {
		data, err := os.ReadFile(filepath.Join("../../examples/superset", file))
		if err != nil {
			t.Fatal(err)
		}
		text := string(data)
		if file == name {
			text = strings.NewReplacer(pairs...).Replace(text)
		}
		if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return load(t, dir)
}

// findings returns what one rule found.
func findings(b *config.Bundle, id string) (list []config.Finding) {
	for _, f := range config.Lint(b) {
		if f.ID == id {
			list = append(list, f)
		}
	}
	return list
}

func TestWhatIsKnownOfARevisionIsToldAtItsPlace(t *testing.T) {
	t.Parallel()
	found := findings(copied(t, ""), "known-hazard")
	if len(found) != 5 {
		t.Fatalf("found %v", found)
	}
	last := found[4]
	if last.Path != "spec.schema.native.revisions[15]" || !strings.HasPrefix(last.Reason, "02f4f7811799, 39549add7bfc") || !strings.Contains(last.Reason, "(drops)") || last.Severity != config.Warning {
		t.Errorf("%+v", last)
	}
}

func TestASettingThatTheTargetDoesNotKnowIsToldWithItsLine(t *testing.T) {
	t.Parallel()
	add := []string{"SECRET_KEY = need", "FEATURE_FLAGS = {\"VERSIONED_EXPORT\": True}\nSECRET_KEY = need"}
	found := findings(copied(t, "superset_config.py", add...), "gone-setting")
	if len(found) != 1 || !strings.Contains(found[0].Reason, "feature flag VERSIONED_EXPORT is not known since 4.0") || found[0].Place.Line < 10 {
		t.Errorf("found %v", found)
	}
	found = findings(copied(t, "app.yaml", "env:\n      FLASK_APP", "env:\n      SUPERSET_FEATURE_CLIENT_CACHE: \"true\"\n      FLASK_APP"), "gone-setting")
	if len(found) != 1 || !strings.Contains(found[0].Reason, "CLIENT_CACHE") {
		t.Errorf("found %v", found)
	}
}

func TestACatalogueThatCannotBeReadIsAnError(t *testing.T) {
	t.Parallel()
	found := findings(copied(t, "catalogue.json", `"releases"`, `"relaeses"`), "unusable-file")
	if len(found) != 1 || found[0].Severity != config.Bad || !strings.Contains(found[0].Reason, "relaeses") {
		t.Errorf("found %v", found)
	}
}

func TestRevisionsThatLeadNowhereAreRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ old, new, want string }{
		"another end": {`      to: "48cbb571fa3a"`, `      to: "48cbb571fa3b"`, "they end at"},
		"twice":       {`"678eefb4ab44"`, `"be1b217cd8cd"`, "is there twice"},
		"begin":       {`"be1b217cd8cd"`, `"17fcea065655"`, "the database is at"},
		"head":        {"head.py]", `head.py, "{{revision}}"]`, "asks where the database is"},
	} {
		data, err := os.ReadFile("../../examples/superset/release.yaml")
		if err != nil {
			t.Fatal(err)
		}
		_, err = config.Loader{}.Parse("release.yaml", []byte(strings.Replace(string(data), c.old, c.new, 1)), t.TempDir())
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}
