package cli

import (
	"context"
	"fmt"
	"io"
	"math"
	"strings"
	"time"

	"cutover/internal/api"
	"cutover/internal/release"
)

// evidenceWidth is the width of an evidence bar in characters.
const evidenceWidth = 20

// verdictWords says a verdict with what it lacks or, where no numbers follow
// it or something is done because of it, with its reason.
func (s *session) verdictWords(w io.Writer, v release.Verdict) string {
	words := s.paint(w, verdictColour(v.Kind), string(v.Kind))
	switch {
	case v.Evidence == nil || v.Kind == release.Failing || v.Kind == release.BothFailing:
		return words + ": " + v.Reason
	case v.Lacks != "":
		return words + ": " + v.Lacks
	}
	return words
}

// writeEvidence prints the numbers behind a verdict, each line after indent.
func (s *session) writeEvidence(w io.Writer, indent string, v release.Verdict, plan release.Plan) {
	e := v.Evidence
	if e == nil {
		return
	}
	t := &table{}
	for _, sig := range e.Signals {
		t.row(indent+sig.Signal, s.observed(w, plan.To.Side, sig.New), s.observed(w, plan.From.Side, sig.Old), sig.Missing)
	}
	t.write(w)
	t = &table{}
	t.row(indent+"against", s.gauge(w, red, e.Against, e.AgainstNeeded), fmt.Sprintf("%s of %s take it back", count(e.Against), count(e.AgainstNeeded)))
	t.row(indent+"for", s.gauge(w, green, e.For, e.ForNeeded), fmt.Sprintf("%s of %s let it go on", count(e.For), count(e.ForNeeded)))
	t.write(w)
}

// observed says what one signal saw of a side.
func (s *session) observed(w io.Writer, side release.Side, o release.Observed) string {
	name := s.paint(w, colourOf(side), string(side))
	if o.Most > 0 || o.Half > 0 {
		return fmt.Sprintf("%s half in %s, 99%% in %s", name, round(o.Half), round(o.Most))
	}
	return fmt.Sprintf("%s %s bad of %s", name, count(o.Bad), count(o.Requests))
}

// gauge draws how far evidence has come, by its logarithm: ten times as much is
// as far again.
func (s *session) gauge(w io.Writer, c colour, have, needed float64) string {
	n := int(progress(have, needed)*evidenceWidth + 0.5)
	return s.paint(w, c, strings.Repeat("█", n)) + strings.Repeat("░", evidenceWidth-n)
}

// progress is how far evidence has come, 0..1.
func progress(have, needed float64) float64 {
	if !(have > 1) || !(needed > 1) {
		return 0
	}
	return min(math.Log(have)/math.Log(needed), 1)
}

// count writes a number as people do.
func count(x float64) string {
	switch {
	case x >= 1e6:
		return "over 1,000,000"
	case x > 0 && x < 1:
		return "less than 1"
	}
	text := fmt.Sprintf("%.0f", x)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// round leaves out what is finer than a hundredth.
func round(d time.Duration) string {
	unit := time.Nanosecond
	for d/unit >= 1000 {
		unit *= 10
	}
	return d.Round(unit).String()
}

// course draws how the evidence against the new version went, oldest first:
// one character for each record, the highest for enough to take it back.
func course(lines []api.Line) string {
	levels := []rune("▁▂▃▄▅▆▇█")
	var drawn []rune
	for _, l := range lines {
		if l.Verdict == nil || l.Verdict.Evidence == nil {
			continue
		}
		e := l.Verdict.Evidence
		drawn = append(drawn, levels[int(progress(e.Against, e.AgainstNeeded)*float64(len(levels)-1))])
	}
	return string(drawn[max(len(drawn)-3*evidenceWidth, 0):])
}

// writeCourse prints the course of the evidence, if there is one.
func (s *session) writeCourse(ctx context.Context, c *api.Client, name string) error {
	lines, err := c.Lines(ctx, 0, "", name, 0)
	if err != nil {
		return err
	}
	if drawn := course(lines); len([]rune(drawn)) > 1 {
		fmt.Fprintf(s.out, "  %s  how the evidence against it went\n", drawn)
	}
	return nil
}
