package config

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"cutover/internal/signal"
	"cutover/internal/signal/condition"
)

// validateSignals judges what a release is judged by. accept, if set, is asked about
// every signal that is sound by itself.
func (r *Release) validateSignals(accept func(signal.Signal) error) {
	s := r.Spec.Signals
	tell := r.doc.reporter("spec.signals")
	checkPositive(s.Every, "every", tell)
	var good []signal.Signal
	names := map[string]bool{}
	for i, one := range s.Watch {
		at := element("watch", i)
		if names[one.Name] {
			tell(join(at, "name"), fmt.Sprintf("another signal is called %q too", printable(one.Name)), "give each a name of its own")
			continue
		}
		names[one.Name] = true
		if r.doc.spoilt(join("spec.signals", at)) {
			continue
		}
		if resolved, ok := one.validate(r.doc, s, accept, tell.in(at)); ok {
			good = append(good, resolved)
		}
	}
	if len(good) == len(s.Watch) {
		// Otherwise what a condition names may only seem to be missing.
		r.validateConditions(good)
	}
}

// validate judges one signal and returns its core form if it is sound.
func (s Signal) validate(doc *document, all Signals, accept func(signal.Signal) error, tell report) (signal.Signal, bool) {
	sound := true
	refuse := func(path, reason, cure string) {
		sound = false
		tell(path, reason, cure)
	}
	if s.Name != "" {
		if err := signal.CheckName(s.Name); err != nil {
			refuse("name", err.Error(), "write another name, such as queue_length")
		}
	}
	s.validateSource(refuse)
	if !sound {
		return signal.Signal{}, false
	}
	resolved := s.resolve(doc.source.dir)
	s.validateUnits(resolved, refuse)
	if !sound {
		return resolved, false
	}
	set := signal.Set{Every: max(time.Duration(all.Every), 1), Signals: []signal.Signal{resolved}}
	if err := set.Check(); err != nil {
		refuse("", strings.TrimPrefix(firstLine(err.Error()), "signal "+s.Name+": "), "change the signal accordingly")
	} else if accept != nil {
		if err := accept(resolved); err != nil {
			refuse("", err.Error(), "change the signal accordingly")
		}
	}
	return resolved, sound
}

// validateSource judges where the number is read.
func (s Signal) validateSource(refuse report) {
	var given []string
	for _, one := range []struct {
		key string
		is  bool
	}{{"cache", s.Cache != nil}, {"http", s.HTTP != nil}, {"log", s.Log != ""}, {"pgbouncer", s.PgBouncer != nil}, {"postgres", s.Postgres != nil}, {"process", s.Process != ""}, {"prometheus", s.Prometheus != nil}} {
		if one.is {
			given = append(given, one.key)
		}
	}
	switch {
	case len(given) == 0:
		refuse("", "it is read nowhere", "add one of cache, http, log, pgbouncer, postgres, process and prometheus")
		return
	case len(given) > 1:
		refuse("", "it is read in more than one place: "+strings.Join(given, ", "), "keep one, and give the others signals of their own")
		return
	}
	for key, q := range map[string]*Queries{"prometheus": s.Prometheus, "http": s.HTTP} {
		if q == nil {
			continue
		}
		checkReference(q.URL, join(key, "url"), refuse)
		for name, value := range q.Headers {
			HTTP{Path: "/", Headers: map[string]Text{name: value}}.validate(refuse.in(key))
		}
		if reason, cure := q.wrong(s.Per); reason != "" {
			refuse(key, reason, cure)
		}
	}
	if s.Postgres != nil {
		checkReference(s.Postgres.URL, "postgres.url", refuse)
		checkPositive(s.Postgres.Longer, "postgres.longer", refuse)
	}
	if s.PgBouncer != nil {
		checkReference(s.PgBouncer.URL, "pgbouncer.url", refuse)
	}
	s.Cache.validate(refuse.in("cache"))
	if _, err := regexp.Compile(s.Log); err != nil {
		refuse("log", strings.TrimPrefix(err.Error(), "error parsing regexp: "), "see https://pkg.go.dev/regexp/syntax")
	}
	if s.Per != "" && s.Log == "" && s.Prometheus == nil && s.HTTP == nil && !s.Cache.counts() {
		refuse("per", "only counters of cache, http, log and prometheus can be counted in requests", "remove the key")
	}
}

// validateUnits compares the units of what is written with the signal's.
func (s Signal) validateUnits(resolved signal.Signal, refuse report) {
	example := map[signal.Unit]string{signal.Count: "100", signal.Seconds: "2s", signal.Bytes: "512MiB", signal.Ratio: "80%", signal.PerSecond: "5/s", signal.Cores: "1.5 cores"}
	for key, q := range map[string]*Quantity{"limit": s.Limit, "least": s.Least} {
		if q != nil && q.Unit != resolved.Unit {
			refuse(key, fmt.Sprintf("%s is in the unit %s, but %s in %s", *q, q.Unit, s.Name, resolved.Unit), "write it like "+example[resolved.Unit])
		}
	}
	switch {
	case s.Tolerance.Unit != signal.Ratio || s.Tolerance.Value < 0:
		refuse("tolerance", s.Tolerance.String()+" is not a share of the other's number", "write one such as 20%")
	case resolved.Compare == signal.WithLimit && s.Limit == nil:
		refuse("compare", "it is compared with a limit, and there is none", "add limit, such as "+example[resolved.Unit])
	case resolved.Compare != signal.WithLimit && s.Limit != nil:
		refuse("limit", "it is compared with "+string(resolved.Compare)+", so the limit would not count", "remove one of limit and compare")
	case resolved.Role == signal.Evidence && s.Action == "pause":
		refuse("action", "evidence is weighed with everything else and does not act by itself", "remove it, or write role: guard")
	case resolved.Role == signal.Guard && s.Weight != nil:
		refuse("weight", "a guard acts by itself and has no weight", "remove it, or write role: evidence")
	}
}

// validateConditions compiles the conditions.
func (r *Release) validateConditions(signals []signal.Signal) {
	seen := map[string]bool{}
	for i, c := range r.Spec.Signals.Conditions {
		at := join("spec.signals", element("conditions", i))
		resolved := c.resolve()
		if seen[resolved.Name] {
			r.doc.report(join(at, "name"), fmt.Sprintf("another condition is called %q too", printable(resolved.Name)), "give each a name of its own")
		}
		seen[resolved.Name] = true
		if c.Require == "" {
			continue // reported as missing
		}
		_, err := condition.Compile(resolved, signals)
		if m, ok := errors.AsType[*condition.Mistake](err); ok {
			r.doc.reportWithin(join(at, "require"), c.Require, m)
		} else if err != nil {
			r.doc.report(join(at, "require"), err.Error(), "write it in another way")
		}
	}
}

// spoilt says that something at or below a path could not be read. What
// follows from that is not told as well. A path of the same name in another
// document of the file counts too, which only delays what is told.
func (d *document) spoilt(path string) bool {
	return slices.ContainsFunc(d.source.problems, func(p *Problem) bool {
		rest, below := strings.CutPrefix(p.Path, path)
		return below && (rest == "" || rest[0] == '.' || rest[0] == '[')
	})
}

// reportWithin reports a mistake at its place within a text, if the text
// stands in one piece on its line.
func (d *document) reportWithin(path, text string, m *condition.Mistake) {
	s := d.spot(path)
	reason := printable(m.Reason)
	if line := []rune(d.source.lines[min(s.line, len(d.source.lines))-1]); s.column <= len(line) {
		before, _, found := strings.Cut(string(line[s.column-1:]), text)
		if found && m.Line == 1 {
			d.reportAt(spot{s.line, s.column + len([]rune(before)) + m.Column - 1}, path, reason, m.Cure)
			return
		}
	}
	d.reportAt(s, path, reason+", at line "+strconv.Itoa(m.Line)+", column "+strconv.Itoa(m.Column)+" of the condition", m.Cure)
}
