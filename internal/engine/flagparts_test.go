package engine

import (
	"errors"
	"strings"
	"testing"

	"cutover/internal/release"
)

func TestAFlagIsSwitchedForOnePartWhileTheOthersKeepIt(t *testing.T) {
	t.Parallel()
	inHouse(t, func(h *house) {
		e := newEar(h.world)
		c := h.listens("one", e).work()
		h.until("it leads", c.leads)
		hook := hookOfSearch
		hook.HTTP = &release.FlagRequest{Method: "POST", URL: "http://h/{{version}}"}
		h.standFlagged(c, hook, release.Flag{Name: "maps", Environment: &release.FlagVariable{Variable: "MAPS", On: "yes", Off: "no"}})
		ask := release.Switched{Flag: "search", Only: release.FlagScope{Version: "v2"}, Off: true, Reason: "because"}
		for _, want := range []bool{true, false} {
			if changed, err := c.Switch(h.Context(), "shop", ask, "ann"); changed != want || err != nil {
				h.Errorf("switched: %t, %v; want %t", changed, err, want)
			}
		}
		h.until("the app was told", func() bool {
			f, _ := c.Standing("shop").FlagFor("search", ask.Only)
			return f.Off && len(f.Ways) == 1 && f.Ways[0].Told && f.Ways[0].Pending == nil
		})
		if whole, _ := c.Standing("shop").Flag("search"); whole.Off {
			h.Error("all of the app has it off")
		}
		ask.Flag = "maps"
		if _, err := c.Switch(h.Context(), "shop", ask, "ann"); err != nil {
			h.Error(err)
		}
		flags := c.Standing("shop").Plan.Flags
		for version, want := range map[string]string{"v1": "yes", "v2": "no"} {
			if got := c.Standing("shop").FlagVariables(flags, version, ""); len(got) != 1 || got[0].Value != want {
				h.Errorf("%s finds %v, want %s", version, got, want)
			}
		}
		before := len(h.entries(""))
		for want, only := range map[string]release.FlagScope{`"v 2" is no version`: {Version: "v 2"}, `no component "wrkr"`: {Component: "wrkr"}} {
			ask := release.Switched{Flag: "search", Only: only, Off: true}
			if _, err := c.Switch(h.Context(), "shop", ask, "ann"); !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), want) {
				h.Errorf("%s: %v; want %q", only, err, want)
			}
		}
		if n := len(h.entries("")); n != before {
			h.Errorf("what was refused took %d records", n-before)
		}
		h.flagsBalanced()
	})
}
