package cli

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"cutover/internal/load"
)

// elsewhere is how often a load reports where nobody watches.
const elsewhere = 5 * time.Second

// loadWatch prints how a load goes: a line a second on a terminal, one every
// few seconds elsewhere, none beside JSON.
type loadWatch struct {
	*session
	terminal bool
	next     time.Duration
	lines    int
	sides    []loadPace
}

// loadPace is what came together since the last line.
type loadPace struct {
	done, errors uint64
	p50, p99     time.Duration
}

func (s *session) newLoadWatch() *loadWatch {
	return &loadWatch{session: s, terminal: onTerminal(s.out)}
}

// announce says what is about to happen.
func (w *loadWatch) announce(p load.Plan) {
	if w.json || len(p.Targets) == 0 {
		return
	}
	where := p.Targets[0].URL
	if len(p.Against) > 0 {
		where += " and " + p.Against[0].URL + ", the same load on both"
	}
	var lasts time.Duration
	most := 0.0
	for _, s := range p.Stages {
		lasts += s.Lasts
		most = max(most, s.From, s.To)
	}
	what := fmt.Sprintf("%s iterations a second", plainNumber(most))
	if p.Model == load.Closed {
		what = plainNumber(most) + " users"
	}
	if len(p.Stages) > 1 || p.Stages[0].From != p.Stages[0].To {
		what = "up to " + what
	}
	if p.Iterations > 0 {
		what += fmt.Sprintf(", %d iterations", p.Iterations)
	}
	fmt.Fprintf(w.out, "%s: %s, at most %s, on %s\n", w.paint(w.out, bold, p.Name), what, lasts, where)
}

func plainNumber(f float64) string { return strconv.FormatFloat(f, 'g', 6, 64) }

// report takes the progress of a second.
func (w *loadWatch) report(p load.Progress) {
	if w.json {
		return
	}
	w.sides = append(w.sides, make([]loadPace, len(p.Sides)-len(w.sides))...)
	for i, s := range p.Sides {
		w.sides[i].done += s.Done
		w.sides[i].errors += s.Errors
		w.sides[i].p50, w.sides[i].p99 = s.P50, s.P99
	}
	if !w.terminal && p.Elapsed < w.next {
		return
	}
	if w.next == 0 || w.terminal && w.lines%20 == 0 {
		fmt.Fprintln(w.out, w.paint(w.out, dim, w.heading(len(p.Sides) > 1)))
	}
	w.next = p.Elapsed.Truncate(time.Second) + elsewhere
	for i, s := range p.Sides {
		fmt.Fprintln(w.out, w.line(p, s, w.sides[i]))
		w.sides[i] = loadPace{}
		w.lines++
	}
}

const loadColumns = "%8s %8s %8s %8s %9s %9s %9s %9s"

func (w *loadWatch) heading(sides bool) string {
	text := fmt.Sprintf(loadColumns, "TIME", "DONE", "NEW", "ERRORS", "DROPPED", "P50", "P99", "IN FLIGHT")
	if sides {
		text += "  SIDE"
	}
	return text
}

func (w *loadWatch) line(p load.Progress, s load.Pace, since loadPace) string {
	errors := strconv.FormatUint(since.errors, 10)
	text := fmt.Sprintf(loadColumns, p.Elapsed.Round(time.Second), strconv.FormatUint(s.Total, 10), "+"+strconv.FormatUint(since.done, 10), errors,
		strconv.FormatUint(s.Dropped, 10), load.Millis(since.p50), load.Millis(since.p99), strconv.Itoa(s.InFlight))
	if len(p.Sides) > 1 {
		text += "  " + s.Name
	}
	if p.WarmUp {
		text += "  warm-up"
	}
	if since.errors > 0 {
		// The number alone is coloured; the columns stay where they are.
		if at := strings.Index(text, " "+errors+" "); at >= 0 {
			text = text[:at+1] + w.paint(w.out, red, errors) + text[at+1+len(errors):]
		}
	}
	return text
}
