package api

import (
	"net/http"
	"strings"
	"testing"

	"cutover/internal/release"
)

// openFlagged serves an app whose version has a flag.
func openFlagged(t *testing.T) *desk {
	return open(t, true, release.RecordedPlan{Plan: release.Plan{Release: "r0", App: "shop", Replicas: 1,
		To:    release.Target{Version: "v1", Side: release.Blue, Artefact: release.Artefact{Command: []string{"shop"}}},
		Flags: []release.Flag{{Name: "maps", Environment: &release.FlagVariable{Variable: "MAPS", Off: "no"}}}}})
}

func TestAFlagIsSwitchedOnRecordUnderTheUserAtTheOtherEndOfTheSocket(t *testing.T) {
	t.Parallel()
	d := openFlagged(t)
	got, err := d.Switch(t.Context(), "shop", "maps", SwitchFlag{Off: true, Reason: "too slow"})
	if err != nil || !got.Changed || got.Flag.State != "off" || got.Flag.Reason != "too slow" {
		t.Fatalf("it became %+v, %v", got, err)
	}
	if again, err := d.Switch(t.Context(), "shop", "maps", SwitchFlag{Off: true}); err != nil || again.Changed || again.Flag.Reason != "too slow" {
		t.Errorf("the second time it became %+v, %v", again, err)
	}
	all, err := d.Flags(t.Context(), "shop")
	if err != nil || len(all.Flags) != 1 || all.Flags[0].State != "off" || all.Flags[0].By == "" {
		t.Errorf("it is shown as %+v, %v", all, err)
	}
	lines, err := d.Lines(t.Context(), 0, "shop", "r0", 0)
	if err != nil {
		t.Fatal(err)
	}
	if l := lines[len(lines)-1]; l.Type != "switched" || l.Actor != all.Flags[0].By || l.Text != "flag maps switched off: too slow" {
		t.Errorf("the record is %+v", l)
	}
}

func TestAFlagIsSwitchedForOneVersionOnRecord(t *testing.T) {
	t.Parallel()
	d := openFlagged(t)
	part := SwitchFlag{Off: true, Version: "v2"}
	if got, err := d.Switch(t.Context(), "shop", "maps", part); err != nil || !got.Changed || got.Flag.Only.Version != "v2" || got.Flag.State != "off" {
		t.Errorf("for one version it became %+v, %v", got, err)
	}
	part.Off = false
	if got, err := d.Switch(t.Context(), "shop", "maps", part); err != nil || !got.Changed || got.Flag.State != "on" {
		t.Errorf("for one version it became %+v again, %v", got, err)
	}
	lines, err := d.Lines(t.Context(), 0, "shop", "r0", 0)
	if err != nil || len(lines) < 2 || lines[len(lines)-2].Text != "flag maps switched off for version v2" || lines[len(lines)-1].Text != "flag maps switched on for version v2" {
		t.Errorf("the records are %+v, %v", lines, err)
	}
}

func TestFlagsAndAppsThatNobodyKnowsAreRefusedByName(t *testing.T) {
	t.Parallel()
	d := openFlagged(t)
	for _, c := range []struct {
		method, path, body, want string
		code                     int
	}{
		{"GET", "/v1/apps/shp/flags", "", `no app named "shp"`, http.StatusNotFound},
		{"POST", "/v1/apps/shp/flags/maps", `{"off":true}`, `no app named "shp"`, http.StatusNotFound},
		{"POST", "/v1/apps/shop/flags/map", `{"off":true}`, "there are maps", http.StatusConflict},
		{"POST", "/v1/apps/shop/flags/maps", `{"off":true,"component":"wrkr"}`, `no component "wrkr"`, http.StatusConflict},
		{"POST", "/v1/apps/shop/flags/maps", `{"of":true}`, "unknown field", http.StatusBadRequest},
		{"POST", "/v1/apps/shop/restart", "", "nothing of shop stands", http.StatusConflict},
		{"POST", "/v1/apps/shp/restart", "", `no app named "shp"`, http.StatusNotFound},
	} {
		code, f := d.raw(t, c.method, c.path, c.body)
		if code != c.code || !strings.Contains(f.Error, c.want) {
			t.Errorf("%s %s: %d %+v, want %d and %s", c.method, c.path, code, f, c.code, c.want)
		}
	}
}
