package analysis

import (
	"fmt"
	"strings"
	"time"
)

// Reason gives the numbers behind the finding in one line; of an assessment
// that was read back from JSON only the finding.
func (a Assessment) Reason() string {
	if len(a.Signals) == 0 || a.Signals[0].of == nil {
		return a.Finding.String()
	}
	var parts []string
	switch a.Finding {
	case Failing, Suspicious:
		parts = append(parts, a.compared(a.strongest()), a.againstWords())
	case BothFailing:
		parts = append(parts, a.bothWords())
	case Healthy:
		parts = append(parts, a.allCompared()...)
		parts = append(parts, fmt.Sprintf("evidence %s of %s needed that %s may go on%s", number(a.For), number(a.ForNeeded), a.new, a.marginWords()))
	default:
		parts = append(parts, a.allCompared()...)
		parts = append(parts, a.openWords())
	}
	return strings.Join(append(parts, a.remarks()...), "; ")
}

// Lacks says in one line what is still missing for an answer, "" if there is
// one.
func (a Assessment) Lacks() string {
	var parts []string
	switch {
	case a.Finding == Failing || a.Finding == BothFailing || a.Finding == Healthy || len(a.Signals) == 0 || a.Signals[0].of == nil:
		return ""
	case a.Finding == Suspicious:
		parts = append(parts, fmt.Sprintf("evidence %s of %s needed that %s is worse", number(a.Against), number(a.AgainstNeeded), a.new))
	case a.MoreRequests > 0:
		parts = append(parts, fmt.Sprintf("about %s more good requests of %s", number(a.MoreRequests), a.new))
	}
	return strings.Join(append(parts, a.remarks()...), "; ")
}

// strongest is the signal with the largest part of the evidence against.
func (a Assessment) strongest() Evidence {
	var best Evidence
	for _, e := range a.Signals {
		if e.Part > best.Part {
			best = e
		}
	}
	return best
}

func (a Assessment) allCompared() []string {
	var parts []string
	for _, e := range a.Signals {
		if e.Old.Requests+e.New.Requests > 0 {
			parts = append(parts, a.compared(e))
		}
	}
	return parts
}

// compared says what a signal saw of both versions.
func (a Assessment) compared(e Evidence) string {
	if e.of.Kind == Latency {
		return fmt.Sprintf("%s: %s %s, %s %s", e.Signal, a.new, quantiles(e.New, e.of.All), a.old, quantiles(e.Old, ""))
	}
	return fmt.Sprintf("%s %s %s in %s %s, %s %s in %s",
		a.new, number(e.New.Bad), e.of.Bad, number(e.New.Requests), e.of.All, a.old, number(e.Old.Bad), number(e.Old.Requests))
}

func quantiles(c Count, all string) string {
	h := c.Latency
	return strings.TrimRight(fmt.Sprintf("half within %s, 99 %% within %s of %s %s",
		brief(h.Quantile(0.5)), brief(h.Quantile(0.99)), number(h.Total()), all), " ")
}

func (a Assessment) againstWords() string {
	if a.Finding == Failing && a.Against < a.AgainstNeeded {
		return fmt.Sprintf("the evidence was more than %s before, now %s", number(a.AgainstNeeded), number(a.Against))
	}
	return fmt.Sprintf("evidence %s of %s needed", number(a.Against), number(a.AgainstNeeded))
}

func (a Assessment) openWords() string {
	words := fmt.Sprintf("evidence %s of %s needed that %s is worse, %s of %s that it may go on",
		number(a.Against), number(a.AgainstNeeded), a.new, number(a.For), number(a.ForNeeded))
	if a.MoreRequests > 0 {
		words += fmt.Sprintf(" (about %s more good requests of %s)", number(a.MoreRequests), a.new)
	}
	return words
}

func (a Assessment) bothWords() string {
	var parts []string
	for _, e := range a.Signals {
		if e.BothBad {
			parts = append(parts, fmt.Sprintf("both versions have too many %s: %s %s, %s %s of the latest %s, limit %s",
				e.of.Bad, a.new, percent(e.RecentNew), a.old, percent(e.RecentOld), e.of.All, percent(e.of.Limit)))
		}
	}
	return strings.Join(parts, "; ") + "; going back would not help"
}

func (a Assessment) marginWords() string {
	for _, e := range a.Signals {
		if e.of.Promotes && e.Margin > 0 {
			return fmt.Sprintf(": less than %s more %s", points(e.Margin), e.of.Bad)
		}
	}
	return ""
}

// remarks say what keeps evidence away.
func (a Assessment) remarks() []string {
	var parts []string
	for _, e := range a.Signals {
		switch {
		case e.Missing != "":
			parts = append(parts, fmt.Sprintf("no evidence from %s: %s", e.Signal, e.Missing))
		case e.New.Requests == 0 && e.of.Promotes:
			parts = append(parts, fmt.Sprintf("%s has had no %s", a.new, e.of.All))
		case e.Alone && e.of.Kind == Counted:
			parts = append(parts, fmt.Sprintf("%s of %s are compared with what %s did before: weaker evidence", e.of.Bad, a.new, a.old))
		case a.at.Before(e.ColdUntil):
			parts = append(parts, fmt.Sprintf("%s counts in %s, when %s is warm", e.Signal, brief(e.ColdUntil.Sub(a.at)), a.new))
		}
	}
	return parts
}

// number writes a number as people do: whole, with commas.
func number(x float64) string {
	switch {
	case x >= mostEvidence:
		return "over " + number(mostEvidence/10)
	case x > 0 && x < 1:
		return "less than 1"
	}
	digits := fmt.Sprintf("%.0f", x)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

func percent(share float64) string { return fmt.Sprintf("%.2f %%", 100*share) }

func points(share float64) string { return fmt.Sprintf("%.2f percentage points", 100*share) }

// brief leaves out what is finer than a hundredth.
func brief(d time.Duration) string {
	unit := time.Nanosecond
	for d/unit >= 1000 {
		unit *= 10
	}
	return d.Round(unit).String()
}
