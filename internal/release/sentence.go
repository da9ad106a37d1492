package release

import (
	"fmt"
	"strings"
	"time"
)

// Sentence says an event in one line, for people.
func Sentence(e Event) string {
	switch ev := e.(type) {
	case RecordedPlan:
		return fmt.Sprintf("planned: %s from %s to %s, %s", ev.Plan.App, orNothing(ev.Plan.From.Version), ev.Plan.To.Version, ev.Plan.Strategy)
	case Entered:
		if ev.Phase == Shifting {
			return fmt.Sprintf("shifting, step %d: %s", ev.Step+1, ev.Reason)
		}
		return fmt.Sprintf("%s: %s", ev.Phase, ev.Reason)
	case Reached:
		return fmt.Sprintf("the front shows the traffic of %s: the hold begins", ev.Phase)
	case Intended:
		return fmt.Sprintf("%s ...", ev.Action)
	case Finished:
		return ev.sentence()
	case Progressed:
		if ev.Cache != nil {
			return "cache: " + ev.Cache.String()
		}
		return "filled " + ev.Progress.String()
	case Requested:
		if ev.Reason == "" {
			return fmt.Sprintf("%s requested", ev.Verb)
		}
		return fmt.Sprintf("%s requested: %s", ev.Verb, ev.Reason)
	case Halted:
		return fmt.Sprintf("%s: %s; %s", ev.Kind, ev.Reason, ev.Cure)
	case Judged:
		return fmt.Sprintf("verdict %s: %s", ev.Verdict.Kind, ev.Verdict.Reason)
	case Weighed:
		return fmt.Sprintf("verdict still %s: %s", ev.Verdict.Kind, ev.Verdict.Reason)
	case Noticed:
		if ev.Component != "" {
			return fmt.Sprintf("%s on %s %s: %s", ev.Component, ev.Side, ev.What, ev.Detail)
		}
		return fmt.Sprintf("%s %s: %s", ev.Side, ev.What, ev.Detail)
	case Ended:
		total := ev.Ledger.Blue.Plus(ev.Ledger.Green)
		return fmt.Sprintf("%s: %s; %d requests accepted, %d lost", ev.Outcome, ev.Reason, total.Accepted, total.Lost)
	case Restored:
		return fmt.Sprintf("%s: records %d to %d are missing", ev.Reason, ev.Kept+1, ev.Lost)
	case Switched:
		return ev.sentence()
	case FlagIntended:
		return ev.sentence()
	case FlagFinished:
		return ev.sentence()
	case Allowed:
		return fmt.Sprintf("version %s is allowed again", ev.Version)
	}
	return e.Name()
}

func (f Finished) sentence() string {
	what := string(f.Kind)
	if f.Side != NoSide {
		what += " " + string(f.Side)
	}
	if f.Component != "" {
		what = fmt.Sprintf("%s %s on %s", f.Kind, f.Component, f.Side)
	}
	took := f.Took.Round(time.Millisecond)
	switch {
	case f.Canceled && f.Took == 0:
		return what + " was under way when its controller ended; what is seen of it counts"
	case f.Canceled:
		return fmt.Sprintf("%s given up after %s", what, took)
	case f.Error != "":
		return fmt.Sprintf("%s failed after %s: %s", what, took, f.Error)
	}
	if f.Rehearsed != nil {
		what = "rehearsal: " + f.Rehearsed.sentence() + ";"
	}
	if f.Cached != nil && f.Cached.Note != "" {
		what += " (" + f.Cached.Note + ")"
	}
	if f.Pool != nil {
		what += f.Pool.words()
	}
	if f.Saved != nil {
		what += " " + f.Saved.Name
	}
	return fmt.Sprintf("%s done in %s", what, took) + f.findings()
}

// findings says what loads have shown. What else was checked shows in the
// phase that follows.
func (f Finished) findings() string {
	var b strings.Builder
	for _, c := range f.Checks {
		if len(c.Figures) > 0 {
			b.WriteString("; " + c.Name + ": " + c.Evidence)
		}
		if c.Concern != "" {
			b.WriteString("; look at " + c.Name + ": " + c.Concern)
		}
	}
	return strings.ReplaceAll(b.String(), "\n", " ")
}

func orNothing(version string) string {
	if version == "" {
		return "nothing"
	}
	return version
}
