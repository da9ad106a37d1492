package signal

import (
	"fmt"
	"time"
)

// Evaluate says what each signal means now, in the order given. It is a
// function of its arguments: the same history gives the same findings.
func Evaluate(signals []Signal, h History, now time.Time) []Finding {
	findings := make([]Finding, len(signals))
	for i, s := range signals {
		t := h.Tracks[s.Name]
		if t == nil {
			t = &Track{}
		}
		findings[i] = comparison{s, t, h.names(), now}.finding()
	}
	return findings
}

func (h History) names() Names {
	return Names{Old: orElse(h.Names.Old, "blue"), New: orElse(h.Names.New, "green")}
}

// comparison is one signal at one moment.
type comparison struct {
	s     Signal
	t     *Track
	names Names
	now   time.Time
}

func (c comparison) finding() Finding {
	v := c.t.values(c.s, len(c.t.Rows)-1, c.now)
	f := Finding{Name: c.s.Name, Role: c.s.Role, Values: v, Weight: c.s.Weight}
	judged := v.Of(c.s.judged())
	limit := c.s.limit(v)
	switch {
	case !judged.Known && !(judged.AtWorst && limit.Known && c.s.beyond(judged.Value, limit.Value)):
		f.Reason = c.who(c.s.judged()) + ": " + judged.Why
	case !limit.Known:
		f.Reason = c.reference() + ": " + limit.Why
	case !c.s.beyond(judged.Value, limit.Value):
		f.Verdict, f.Reason = Fine, c.words(v, limit.Value)
	default:
		f.Verdict, f.Reason = c.beyond(v, limit.Value)
	}
	return f
}

// limit is the number that must not be passed.
func (s Signal) limit(v Values) Measured {
	reference := v.Old
	switch s.Compare {
	case WithLimit:
		return Measured{Known: true, Value: s.Limit}
	case WithBaseline:
		reference = v.Baseline
	}
	if reference.Known && s.Worse == Lower {
		reference.Value = reference.Value/s.Factor - s.Least
	} else if reference.Known {
		reference.Value = reference.Value*s.Factor + s.Least
	}
	return reference
}

// beyond says what follows from the limit having been passed.
func (c comparison) beyond(v Values, limit float64) (Verdict, string) {
	words := c.words(v, limit)
	if c.s.Role == Evidence {
		return Worsened, words
	}
	if c.s.For > 0 {
		lasted := c.lasted()
		if lasted < c.s.For {
			return Worsened, fmt.Sprintf("%s, for %s of %s", words, span(lasted), span(c.s.For))
		}
		words += ", for " + span(lasted)
	}
	if why := c.bothBad(v, limit); why != "" {
		return BothBreached, words + "; " + why
	}
	if c.s.Action == AskPerson {
		return ToPause, words
	}
	return Breached, words
}

// bothBad says why taking back would not help, "" if it may.
func (c comparison) bothBad(v Values, limit float64) string {
	switch {
	case c.s.Compare == WithBlue:
	case !c.s.Shared && v.Old.Known && c.s.beyond(v.Old.Value, limit):
		return c.names.Old + " is beyond it too, so going back would not help"
	case c.s.Shared && c.s.Compare == WithLimit && v.Baseline.Known && c.s.beyond(v.Baseline.Value, limit):
		return "it was beyond it before the release, so going back would not help"
	}
	return ""
}

// lasted returns for how long the limit has been passed at every poll, without
// a gap. A clock that jumps makes a gap.
func (c comparison) lasted() time.Duration {
	rows := c.t.Rows
	last := len(rows) - 1
	first := last
	for i := last; i >= 0; i-- {
		v := c.t.values(c.s, i, rows[i].At)
		judged, limit := v.Of(c.s.judged()), c.s.limit(v)
		seen := (judged.Known || judged.AtWorst) && limit.Known && c.s.beyond(judged.Value, limit.Value)
		if !seen || i < last && rows[i+1].At.Sub(rows[i].At) > c.s.Stale {
			break
		}
		first = i
	}
	return rows[last].At.Sub(rows[first].At)
}
