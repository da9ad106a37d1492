package signal

import (
	"strings"

	"cutover/internal/analysis"
)

// Combined puts findings together in the words of a sequential verdict, with
// the reasons that decide: Failing if a guard or condition is breached,
// BothFailing if going back would not help, Suspicious if a guard or
// condition is worse and does not act or asks for a pause, Waiting if anything is missing, and
// Healthy if nothing speaks against going on. Evidence that is worse is left
// to its e-process. Whoever combines it with the verdict on the requests
// takes the worse of the two, and never Healthy from this alone.
func Combined(findings []Finding) (analysis.Finding, string) {
	for _, level := range []struct {
		verdict Verdict
		means   analysis.Finding
	}{
		{Breached, analysis.Failing}, {BothBreached, analysis.BothFailing},
		{ToPause, analysis.Suspicious}, {Worsened, analysis.Suspicious}, {Waits, analysis.Waiting},
	} {
		var reasons []string
		for _, f := range findings {
			if f.Verdict == level.verdict && !(f.Verdict == Worsened && f.Role == Evidence) {
				reasons = append(reasons, f.Name+": "+f.Reason)
			}
		}
		if len(reasons) > 0 {
			return level.means, strings.Join(reasons, "; ")
		}
	}
	return analysis.Healthy, ""
}

// Pausing says why a person has to decide whether the release goes on, "" if
// that is not asked for.
func Pausing(findings []Finding) string {
	var reasons []string
	for _, f := range findings {
		if f.Verdict == ToPause {
			reasons = append(reasons, f.Name+": "+f.Reason)
		}
	}
	return strings.Join(reasons, "; ")
}
