package cli_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestTheFilesOfAProfileAreWrittenForItsHopAndCanBeLinted(t *testing.T) {
	t.Parallel()
	for hop, want := range map[[2]string]string{
		{"4.0.2", "4.1.2"}: `"48cbb571fa3a"`,
		{"4.1.2", "5.0.0"}: `migrate.py, "74ad1125881c"`,
	} {
		h := newHouse(t)
		h.must(2, "init", "--profile", "superset") // the house has an app.yaml
		h.must(0, "init", "--profile", "superset", "--from", hop[0], "--to", hop[1], "--force")
		text, err := os.ReadFile(filepath.Join(h.home, "release.yaml"))
		if err != nil || !strings.Contains(string(text), want) || !strings.Contains(string(text), "from: "+hop[0]) || !strings.Contains(string(text), "to: "+hop[1]) {
			t.Errorf("%v: %v\n%s", hop, err, text)
		}
		out := h.must(0, "lint", "-f", "app.yaml", "-f", "release.yaml")
		if !strings.Contains(out, "known-hazard") || strings.Contains(out, "error:") {
			t.Errorf("%v: lint says\n%s", hop, out)
		}
	}
}

func TestAPatchHasNoMigrationAndAnUnknownHopIsRefused(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.must(0, "init", "--profile", "superset", "--from", "4.1.1", "--to", "4.1.2", "--force")
	text, err := os.ReadFile(filepath.Join(h.home, "release.yaml"))
	if err != nil || strings.Contains(string(text), "schema:") {
		t.Errorf("%v\n%s", err, text)
	}
	h.must(0, "lint", "-f", "app.yaml", "-f", "release.yaml")
	for _, args := range [][]string{{"--profile", "superset", "--from", "1.5", "--to", "4.1.2"}, {"--profile", "redmine"}, {"--from", "4.0.2"}} {
		if out := h.must(2, append([]string{"init", "--force"}, args...)...); !strings.Contains(out, "profile") && !strings.Contains(out, "nothing is known") {
			t.Errorf("%v: %s", args, out)
		}
	}
}
