package cli

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"cutover/internal/api"
	"cutover/internal/release"
)

func TestEvidenceIsShownInNumbersAndBars(t *testing.T) {
	t.Parallel()
	plan := release.Plan{From: release.Target{Version: "v1", Side: release.Blue}, To: release.Target{Version: "v2", Side: release.Green}}
	v := release.Verdict{Kind: release.NotEnough, Evidence: &release.Evidence{Against: 31.6, AgainstNeeded: 1000, For: 1e9, ForNeeded: 20,
		Signals: []release.SignalEvidence{
			{Signal: "errors", New: release.Observed{Requests: 240, Bad: 12}, Old: release.Observed{Requests: 4560, Bad: 9}},
			{Signal: "latency", New: release.Observed{Requests: 200, Half: 12345 * time.Microsecond, Most: time.Second}, Old: release.Observed{Half: time.Millisecond, Most: time.Second}, Missing: "the first reading"},
		}}}
	var out bytes.Buffer
	s := &session{}
	s.writeEvidence(&out, "  ", v, plan)
	for _, want := range []string{"green 12 bad of 240", "blue 9 bad of 4,560", "green half in 12.3ms, 99% in 1s", "the first reading",
		"██████████░░░░░░░░░░  32 of 1,000 take it back", "████████████████████  over 1,000,000 of 20 let it go on"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing in\n%s", want, out.String())
		}
	}
}

func TestTheCourseOfTheEvidenceIsDrawn(t *testing.T) {
	t.Parallel()
	var lines []api.Line
	for _, against := range []float64{0.5, 1, 31.7, 1000, 1e9} {
		lines = append(lines, api.Line{}, api.Line{Verdict: &release.Verdict{Evidence: &release.Evidence{Against: against, AgainstNeeded: 1000}}})
	}
	if got := course(lines); got != "▁▁▄██" {
		t.Errorf("it is drawn as %q", got)
	}
}
