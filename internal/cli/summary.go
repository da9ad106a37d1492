package cli

import (
	"fmt"
	"io"
	"strings"
	"time"

	"cutover/internal/api"
	"cutover/internal/release"
)

// summary prints a release as a person wants to see it at a glance.
func (s *session) summary(v api.View) { s.writeSummary(s.out, v) }

func (s *session) writeSummary(w io.Writer, v api.View) {
	st := v.State
	fmt.Fprintf(w, "%s  %s: %s -> %s  %s\n", s.paint(w, bold, st.Release), st.App, sideLabel(st.Plan.From), sideLabel(st.Plan.To),
		s.paint(w, wordColour(st), st.Word()))
	fmt.Fprintf(w, "  %s\n", st.Reason)
	if !v.World.Now.IsZero() && !st.Phase.Ended() {
		s.writeSplit(w, v)
	}
	s.writeLedger(w, v)
	if now := latest(v); now.Kind != release.Unknown && !st.Phase.Ended() {
		fmt.Fprintf(w, "  verdict  %s\n", s.verdictWords(w, now))
		s.writeEvidence(w, "           ", now, st.Plan)
		s.writeSignals(w, "           ", now)
		s.writeSynthetic(w, "  ", now)
	}
	for _, concern := range release.Concerns(st.Checked) {
		fmt.Fprintf(w, "  %s  %s\n", s.paint(w, yellow, "look at"), concern)
	}
	for _, t := range v.Troubles {
		fmt.Fprintf(w, "  %s %s\n", s.paint(w, red, "trouble"), t)
	}
	if !st.Phase.Ended() {
		for i, wait := range v.Explanation.Waits {
			head := "waits   "
			if i > 0 {
				head = "        "
			}
			fmt.Fprintf(w, "  %s %s\n", head, wait)
		}
		fmt.Fprintf(w, "  way back %s\n", v.Explanation.Back)
		fmt.Fprintf(w, "  verbs    %s\n", verbs(v.Explanation.Verbs))
	} else if st.Rejected {
		fmt.Fprintf(w, "  %s is rejected; `cutover allow %s %s` lets it be tried again\n", st.Plan.To.Version, st.App, st.Plan.To.Version)
	}
}

// latest is the verdict of the last look, or else the last one on record with
// what the signals say now.
func latest(v api.View) release.Verdict {
	if v.World.Verdict.Kind != release.Unknown {
		return v.World.Verdict
	}
	now := v.State.Verdict
	if len(v.World.Verdict.Signals) > 0 {
		now.Signals = v.World.Verdict.Signals
	}
	if v.World.Verdict.Synthetic != nil {
		now.Synthetic = v.World.Verdict.Synthetic
	}
	return now
}

func verbs(list []release.Help) string {
	names := make([]string, len(list))
	for i, h := range list {
		names[i] = string(h.Verb)
	}
	return strings.Join(names, ", ")
}

func wordColour(st release.State) colour {
	switch {
	case st.Halt != nil && st.Halt.Kind == release.NeedsHuman, st.Phase == release.RolledBack, st.Phase == release.Reverting:
		return red
	case st.Halt != nil, st.Phase == release.Waiting:
		return yellow
	}
	return green
}

func verdictColour(k release.VerdictKind) colour {
	switch k {
	case release.Failing, release.BothFailing:
		return red
	case release.Healthy:
		return green
	}
	return yellow
}

// barWidth is the width of the split bar in characters.
const barWidth = 40

// writeSplit prints the traffic split as the front shows it, as a bar and in
// numbers, with the instances of each side.
func (s *session) writeSplit(w io.Writer, v api.View) {
	from, to := v.State.Plan.From, v.State.Plan.To
	if !v.World.Traffic.Known {
		fmt.Fprintln(w, "  traffic  not observed")
	} else {
		share := v.World.Traffic.Sides.Of(to.Side).Weight
		n := int(share.Share()*barWidth + 0.5)
		bar := s.paint(w, colourOf(from.Side), strings.Repeat("░", barWidth-n)) + s.paint(w, colourOf(to.Side), strings.Repeat("█", n))
		fmt.Fprintf(w, "  traffic  %s %s on %s\n", bar, share, sideLabel(to))
	}
	t := &table{}
	for _, side := range []release.Target{from, to} {
		if side.Version == "" {
			continue
		}
		in := v.World.Sides.Of(side.Side)
		ready := "not observed"
		if in.Known {
			ready = fmt.Sprintf("%d of %d ready", in.Ready(), len(in.List))
		}
		traffic := v.World.Traffic.Sides.Of(side.Side)
		t.row("  "+s.paint(w, colourOf(side.Side), string(side.Side)), side.Version, ready,
			fmt.Sprintf("%d requests, %d streams in flight", traffic.Requests, traffic.Streams))
	}
	s.addCompanions(w, t, v)
	t.write(w)
}

// addCompanions adds the workers and singletons, with those of a version that
// is about to go or to come.
func (s *session) addCompanions(w io.Writer, t *table, v api.View) {
	for _, c := range v.State.Plan.Companions {
		for i, side := range []release.Target{c.From, c.To} {
			if side.Version == "" || i == 0 && c.Stays() {
				continue
			}
			seen, ready := 0, 0
			for _, in := range v.World.Companions.List {
				if in.Component == c.Name && in.Side == side.Side && in.Digest == side.Digest {
					seen++
					if in.Serves() {
						ready++
					}
				}
			}
			text := "not observed"
			if v.World.Companions.Known {
				text = fmt.Sprintf("%d of %d ready", ready, max(seen, ready))
			}
			t.row("  "+s.paint(w, colourOf(side.Side), string(side.Side)), side.Version, text, c.Name)
		}
	}
}

func colourOf(side release.Side) colour {
	if side == release.Blue {
		return blue
	}
	return green
}

// writeLedger prints what became of every request since the release began.
func (s *session) writeLedger(w io.Writer, v api.View) {
	st := v.State
	ledger := st.LedgerAt(v.World.Traffic)
	total := ledger.Blue.Plus(ledger.Green)
	if total.Accepted == 0 {
		return
	}
	lost := s.paint(w, green, "0 lost")
	if total.Lost > 0 {
		lost = s.paint(w, red, fmt.Sprintf("%d lost", total.Lost))
	}
	fmt.Fprintf(w, "  ledger   %d accepted, %d answered, %d client gone, %s\n", total.Accepted, total.Answered, total.ClientGone, lost)
	for _, side := range []release.Target{st.Plan.From, st.Plan.To} {
		if c := ledger.Of(side.Side); side.Version != "" && c.Accepted > 0 {
			fmt.Fprintf(w, "           %s: %d requests, %d errors\n", sideLabel(side), c.Accepted, c.Errors)
		}
		if c := st.Cut.Of(side.Side); c.Requests+c.Streams > 0 {
			fmt.Fprintf(w, "           %s: %d requests and %d streams were cut by a drain that was not waited for\n", sideLabel(side), c.Requests, c.Streams)
		}
	}
}

// ago says how long something lasted, in the units people use.
func ago(d time.Duration) string {
	if d < time.Minute {
		return release.Span(d.Round(100 * time.Millisecond))
	}
	return release.Span(d.Round(time.Second))
}
