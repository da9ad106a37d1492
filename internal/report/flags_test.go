package report

import (
	"strings"
	"testing"
	"time"

	"cutover/internal/release"
)

func TestAReportSaysWhichFeaturesWereOffAndWhichWereSwitched(t *testing.T) {
	t.Parallel()
	plan := release.Plan{Release: "r2", App: "shop", Author: "ann", To: release.Target{Version: "v2", Side: release.Green},
		FlagsOff: []release.FlagOff{{Name: "maps", Since: noon.Add(-time.Hour), By: "bob", Reason: "wrong | country"}}}
	s := begin(plan).tell(time.Second, "ann", release.Switched{Flag: "search", Off: true, Reason: "too slow"}).
		tell(time.Second, "engine", release.FlagFinished{Key: "r2/9", Flag: "search", Off: true, Error: "nothing listens there"}).
		tell(time.Second, "engine", release.FlagFinished{Key: "r2/9", Flag: "search", Off: true})
	r, err := Gather(s.entries, Range{})
	if err != nil {
		t.Fatal(err)
	}
	for form, text := range map[string]string{"text": r.Text(Look{Width: 140}), "markdown": r.Markdown()} {
		for _, want := range []string{"maps since 2026-03-02 11:00", "bob", "flag search switched off: too slow", "nothing listens there"} {
			if !strings.Contains(text, want) {
				t.Errorf("the %s does not say %q:\n%s", form, want, text)
			}
		}
	}
	if len(r.Notes) != 2 {
		t.Errorf("it notes %+v, want the switch and the failure", r.Notes)
	}
}
