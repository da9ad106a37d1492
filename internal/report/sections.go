package report

import (
	"fmt"
	"strings"

	"cutover/internal/release"
)

// page says what there is to say, in the order in which one asks.
func (r Report) page() page {
	p := page{title: clean(fmt.Sprintf("Release %s of %s: %s to %s", r.Release, r.App, orNothing(r.From.Version), orNothing(r.To.Version)))}
	for _, s := range []section{r.outcome(), r.verdict(), r.timeline(), r.charts(), r.signals(), r.checks(), r.shadow(),
		r.change(), r.ledger(), r.people(), r.notes(), r.journal()} {
		if !s.empty() {
			p.sections = append(p.sections, s)
		}
	}
	return p
}

func orNothing(version string) string { return yes(version == "", "nothing", version) }

func (r Report) outcome() section {
	s := section{title: "Outcome"}
	s.fact("outcome", r.Word+yes(r.SoFar, ", so far", "")+": "+r.Reason)
	s.fact("versions", fmt.Sprintf("%s (%s) to %s (%s), %s", orNothing(r.From.Version), r.From.Side, r.To.Version, r.To.Side, r.Strategy))
	s.fact("began", r.Began.UTC().Format(dateTime)+" by "+r.Author)
	if r.SoFar {
		s.fact("so far", fmt.Sprintf("%s; the last record is of %s", lasted(r.Took), r.AsOf.UTC().Format(dateTime)))
	} else {
		s.fact("ended", fmt.Sprintf("%s, after %s", r.Ended.UTC().Format(dateTime), lasted(r.Took)))
	}
	if !r.NoReturn.IsZero() {
		s.fact("no return", "since "+r.NoReturn.UTC().Format(dateTime))
	}
	for _, off := range r.FlagsOff {
		s.fact("flag off", fmt.Sprintf("%s since %s by %s%s", off.Name+off.Only.For(), off.Since.UTC().Format(dateTime), off.By, yes(off.Reason != "", ": "+off.Reason, "")))
	}
	if r.Rejected {
		s.fact("rejected", r.To.Version+" is not deployed again until `cutover allow` lifts it")
	}
	return s
}

func (r Report) verdict() section {
	s := section{title: "Verdict"}
	v := r.Verdict
	if v == nil {
		return s
	}
	s.fact("verdict", string(v.Kind)+": "+v.Reason)
	s.fact("given", v.At.UTC().Format(dateTime)+" while "+v.During)
	s.fact("lacked", v.Lacks)
	s.fact("held by", v.Holds)
	e := v.Evidence
	if e == nil {
		return s
	}
	s.fact("against", number(e.Against)+" of "+number(e.AgainstNeeded)+" needed to take it back")
	s.fact("for", number(e.For)+" of "+number(e.ForNeeded)+" needed to go on")
	t := table{head: []string{"signal", side(r.From), side(r.To), "against", "for", "missing"}}
	for _, one := range e.Signals {
		t.add(one.Signal, observed(one.Old), observed(one.New), number(one.Against), number(one.For), one.Missing)
	}
	s.put(t)
	return s
}

func side(v Version) string { return strings.TrimSpace(string(v.Side) + " " + v.Version) }

func observed(o release.Observed) string {
	if o.Most > 0 || o.Half > 0 {
		return fmt.Sprintf("half in %s, 99 %% in %s", lasted(o.Half), lasted(o.Most))
	}
	return fmt.Sprintf("%s bad of %s", number(o.Bad), number(o.Requests))
}

func (r Report) timeline() section {
	s := section{title: "Timeline"}
	t := table{head: []string{"at", "lasted", "phase", "split", "why"}}
	for _, st := range r.Stages {
		split := unknown
		if st.Share != nil {
			split = fmt.Sprintf("%s of %s", percentOf(st.Share), number(float64(st.Requests.Blue+st.Requests.Green)))
		}
		took := lasted(st.Took) + yes(st.Open, " so far", "")
		if st.Phase.Ended() {
			took = unknown
		}
		t.add(st.At.UTC().Format(clock), took, st.Word, split, st.Reason)
	}
	s.put(t)
	s.put(r.deeds())
	s.note = fmt.Sprintf("split: the share that %s really had, of the requests counted while the stage held", side(r.To))
	return s
}

func (r Report) deeds() table {
	t := table{head: []string{"at", "took", "phase", "action", "result"}}
	for _, st := range r.Stages {
		for _, d := range st.Deeds {
			result := "done"
			switch {
			case d.Open:
				result = "its end is not on record"
			case d.Canceled:
				result = "given up"
			case d.Error != "":
				result = "failed: " + d.Error
			}
			t.add(d.At.UTC().Format(clock), lasted(d.Took), string(st.Phase), d.Action+often(d.Times), result)
		}
	}
	return t
}

func (r Report) signals() section {
	s := section{title: "Signals"}
	t := table{head: []string{"signal", "role", "said", side(r.From), side(r.To), "before", "why"}}
	for _, f := range r.Signals {
		fresh := f.New
		if fresh == nil {
			fresh = f.Shared
		}
		t.add(f.Name, f.Role, f.Verdict, measuredOf(f.Old), measuredOf(fresh), measuredOf(f.Baseline), f.Reason)
	}
	s.put(t)
	return s
}

func measuredOf(n *float64) string {
	if n == nil {
		return unknown
	}
	return measured(*n)
}

func (r Report) checks() section {
	s := section{title: "Checks and loads"}
	t := table{head: []string{"at", "check", "result", "took", "seen"}}
	figures := table{head: []string{"load", "of", "metric", side(r.To), side(r.From), "ratio"}}
	for _, c := range r.Checks {
		seen := c.Evidence
		if c.Concern != "" {
			seen += "; look at: " + c.Concern
		}
		t.add(c.At.UTC().Format(clock), c.Name, yes(c.Passed, "passed", "failed"), lasted(c.Took), seen)
		for _, f := range c.Figures {
			figures.add(c.Name, f.Of, f.Metric, measured(f.Value), beside(f), ratio(f))
		}
	}
	s.put(t)
	s.put(figures)
	return s
}

func beside(f release.Figure) string {
	if f.Beside == 0 && f.Ratio == 0 {
		return unknown
	}
	return measured(f.Beside)
}

func ratio(f release.Figure) string {
	switch {
	case f.Ratio == 0:
		return unknown
	case f.Low == 0 && f.High == 0:
		return fmt.Sprintf("%.2f", f.Ratio)
	}
	return fmt.Sprintf("%.2f (%.2f to %.2f)", f.Ratio, f.Low, f.High)
}

func (r Report) shadow() section {
	s := section{title: "Answers compared"}
	if r.Shadow == nil {
		return s
	}
	s.fact("compared", r.Shadow.String())
	t := table{head: []string{"endpoint", "path", "differs", "was", "is", "in", "noise", "counts"}}
	for _, d := range r.Shadow.Differences {
		counts := "no"
		if d.Alarm {
			counts = yes(d.Advisory, "for information", "yes")
		}
		t.add(d.Endpoint, d.Path, d.Kind, d.Was, d.Is, number(float64(d.Count))+" of "+number(float64(d.Of)), number(float64(d.Noise)), counts)
	}
	s.put(t)
	return s
}

func (r Report) change() section {
	s := section{title: "Schema, rehearsal and backup"}
	if c := r.Schema; c != nil {
		s.fact("schema", strings.Join(c.Stages, ", ")+yes(c.Native, ", by the app's own migrations", ""))
		s.fact("done", fmt.Sprintf("expanded %s, contracted %s, put back %s", yes(c.Expanded, "yes", "no"), yes(c.Contracted, "yes", "no"), yes(c.Reverted, "yes", "no")))
		if c.Fill != (release.Progress{}) {
			s.fact("filled", fmt.Sprintf("%s, %s rows", c.Fill, number(float64(c.Fill.Rows))))
		}
	}
	if h := r.Rehearsal; h != nil {
		s.fact("rehearsal", fmt.Sprintf("%s, took %s, the change may take %s", h.Impact, lasted(h.Took), lasted(h.Expected)))
		for _, why := range h.Reasons {
			s.fact("because", why)
		}
		if h.Approved != "" {
			s.fact("approved", "by "+h.Approved)
		}
	}
	if b := r.Backup; b != nil {
		s.fact("backup", fmt.Sprintf("%s: %s rows, %s bytes, %s", b.Name, number(float64(b.Rows)), number(float64(b.Bytes)),
			yes(b.Verified, "restored elsewhere and found the same", "its restore was not tried")))
		s.fact("sha256", b.SHA256)
	}
	return s
}

func (r Report) ledger() section {
	s := section{title: "Ledger"}
	t := table{head: []string{"side", "before", "accepted", "answered", "gone", "lost", "in flight", "5xx", "streams cut"}}
	row := func(name string, a Account) {
		t.add(name, count(a.Before), count(a.Accepted), count(a.Answered), count(a.ClientGone), count(a.Lost), count(a.InFlight), count(a.Errors), count(a.CutStreams))
	}
	row(side(r.From), *r.Ledger.Of(r.From.Side))
	row(side(r.To), *r.Ledger.Of(r.To.Side))
	row("both", r.Total)
	s.put(t)
	s.note = "accepted = answered + client gone + lost"
	if r.Total.Before > 0 || r.Total.InFlight > 0 {
		s.note = "before + " + s.note + " + in flight; before: in flight when the release began"
	}
	return s
}

func count(n uint64) string { return number(float64(n)) }

func (r Report) people() section {
	s := section{title: "What people asked for"}
	t := table{head: []string{"at", "who", "asked for", "because"}}
	t.add(r.Began.UTC().Format(clock), r.Author, "this release", "")
	for _, one := range r.Said {
		t.add(one.At.UTC().Format(clock), one.Who, string(one.Verb)+yes(one.Approves, ", which approves of the rehearsal", ""), one.Reason)
	}
	s.put(t)
	return s
}

func (r Report) notes() section {
	s := section{title: "What else happened"}
	t := table{head: []string{"at", "record", "what"}}
	for _, n := range r.Notes {
		t.add(n.At.UTC().Format(clock), fmt.Sprint(n.Seq), n.Text)
	}
	s.put(t)
	return s
}

func (r Report) journal() section {
	s := section{title: "On record"}
	j := r.Journal
	s.fact("records", fmt.Sprintf("%d, from %d to %d%s", j.Records, j.First.Seq, j.Last.Seq, yes(j.Whole, "; every hash and the chain between them hold", "")))
	s.fact("first", fmt.Sprintf("%d %s", j.First.Seq, j.First.Hash))
	s.fact("last", fmt.Sprintf("%d %s", j.Last.Seq, j.Last.Hash))
	s.fact("verify", "`cutover audit verify` checks the whole journal; `cutover history -o json` has the records with their hashes")
	return s
}
