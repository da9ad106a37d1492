package file_test

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"cutover/internal/release"

	"github.com/diegoholiveira/jsonlogic/v3"
)

// evaluates asks a file as flagd does, with its own library: what the rule gives
// for an app that says these things of itself, else the default variant.
func evaluates(t *testing.T, f release.FlagFile, name string, self map[string]string) bool {
	t.Helper()
	text, err := os.ReadFile(f.Path)
	if err != nil {
		t.Fatal(err)
	}
	var set struct {
		Flags map[string]struct {
			Variants       map[string]bool
			DefaultVariant string
			Targeting      json.RawMessage
		}
	}
	if err := json.Unmarshal(text, &set); err != nil {
		t.Fatal(err)
	}
	one := set.Flags[name]
	variant := one.DefaultVariant
	if len(one.Targeting) > 0 {
		data, err := json.Marshal(self)
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		if err := jsonlogic.Apply(bytes.NewReader(one.Targeting), bytes.NewReader(data), &out); err != nil {
			t.Fatalf("flagd cannot apply %s: %v", one.Targeting, err)
		}
		if said := strings.TrimSpace(out.String()); said != "null" {
			variant = strings.Trim(said, `"`)
		}
	}
	on, known := one.Variants[variant]
	if !known {
		t.Fatalf("%s has no variant %q", name, variant)
	}
	return on
}

func TestFlagdFindsAFeatureOffForTheVersionAndComponentThatAreMeant(t *testing.T) {
	t.Parallel()
	files, o := shelf(t)
	o.Flag.File.Format = release.FlagsFlagd
	o.All = []release.FlagValue{{Name: "search", On: true, OffFor: []release.FlagScope{{Version: "v2"}, {Version: "v1", Component: "worker"}}}}
	if err := files.Tell(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		version, component string
		on                 bool
	}{
		{"v1", "web", true}, {"v1", "worker", false}, {"v2", "web", false}, {"v2", "worker", false}, {"v3", "worker", true}, {"", "", true},
	} {
		if on := evaluates(t, *o.Flag.File, "search", map[string]string{"version": c.version, "component": c.component}); on != c.on {
			t.Errorf("%s of %s finds it %t", c.component, c.version, on)
		}
	}
	if !evaluates(t, *o.Flag.File, "search", map[string]string{}) {
		t.Error("an app that says nothing of itself finds it off")
	}
	if w, err := files.Observe(t.Context(), o); err != nil || !w.Told {
		t.Errorf("it counts as %+v, %v", w, err)
	}
	o.All[0].OffFor = nil
	if err := files.Tell(t.Context(), o); err != nil {
		t.Fatalf("its own file is taken for somebody else's: %v", err)
	}
	if !evaluates(t, *o.Flag.File, "search", map[string]string{"version": "v2"}) {
		t.Error("switched on again, v2 finds it off")
	}
}

func TestARuleThatCutoverHasNotWrittenIsNotReplaced(t *testing.T) {
	t.Parallel()
	for _, targeting := range []string{
		`{"if":[{"or":[{"and":[{"==":[{"var":"version"},"v2"]}]}]},"on"]}`,
		`{"if":[{"or":[{"and":[{"==":[{"var":"email"},"v2"]}]}]},"off"]}`,
		`{"if":[{"or":[{"and":[{"==":[{"var":"version"}]}]}]},"off"]}`,
		`{"if":[true,"off"]}`, `{"if":[]}`, `[]`,
	} {
		files, o := shelf(t)
		text := `{"$schema":"https://flagd.dev/schema/v0/flags.json","flags":{"a":{"state":"ENABLED","variants":{"on":true,"off":false},"defaultVariant":"on","targeting":` + targeting + `}}}`
		if err := os.WriteFile(o.Flag.File.Path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := files.Tell(t.Context(), o); err == nil || !strings.Contains(err.Error(), "cutover has not written") {
			t.Errorf("%s was replaced: %v", targeting, err)
		}
	}
}

func TestAPlainFileNeverSaysMoreThanWasMeant(t *testing.T) {
	t.Parallel()
	files, o := shelf(t)
	o.All = []release.FlagValue{{Name: "search", On: true, OffFor: []release.FlagScope{{Version: "v2"}}}}
	if err := files.Tell(t.Context(), o); err == nil || !strings.Contains(err.Error(), "use the format flagd") {
		t.Errorf("it was written: %v", err)
	}
}
