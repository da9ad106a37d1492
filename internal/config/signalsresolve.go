package config

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"cutover/internal/release"
	"cutover/internal/signal"
)

// Signals returns what a release, named by its own name or its app's, is
// judged by beside its requests. It is plain data, to be kept with the plan.
func (b *Bundle) Signals(name string) (signal.Set, error) {
	r, err := b.Release(name)
	if err != nil {
		return signal.Set{}, err
	}
	return r.Spec.Signals.resolve(r.doc.source.dir), nil
}

// signals is what goes with the plan, nil for nothing. References stay what
// they are: a plan holds no secret.
func (r *Release) signals(cache release.Cache, first bool) (release.Sealed, error) {
	set := r.Spec.Signals.resolve(r.doc.source.dir)
	if set.Empty() {
		return nil, nil
	}
	if err := r.placeCache(set, cache, first); err != nil {
		return nil, err
	}
	text, err := json.Marshal(set)
	if err != nil {
		return nil, fmt.Errorf("write the signals of %s as JSON: %w", r.Metadata.Name, err)
	}
	return text, nil
}

// defaultWeight is that of evidence that says none.
const defaultWeight = 0.1

func (s Signals) resolve(dir string) signal.Set {
	if len(s.Watch) == 0 && len(s.Conditions) == 0 {
		return signal.Set{}
	}
	set := signal.Set{Every: time.Duration(s.Every)}
	for _, one := range s.Watch {
		set.Signals = append(set.Signals, one.resolve(dir))
	}
	for _, c := range s.Conditions {
		set.Conditions = append(set.Conditions, c.resolve())
	}
	return set
}

func (c Condition) resolve() signal.Condition {
	return signal.Condition{Name: orElse(c.Name, c.Require), Expression: c.Require, Otherwise: signal.Otherwise(c.Otherwise)}
}

// resolve gives the signal its core form. What validate reports is left as it
// is.
func (s Signal) resolve(dir string) signal.Signal {
	r := signal.Signal{
		Name: s.Name, Merge: signal.Merge(s.Merge), Worse: signal.Direction(s.Worse), Role: signal.Role(s.Role),
		Compare: signal.Compare(s.Compare), Factor: 1 + s.Tolerance.Value, ByRequest: s.Per == "request",
		For: time.Duration(s.For), Stale: time.Duration(s.Stale),
	}
	if s.Action == "pause" {
		r.Action = signal.AskPerson
	}
	r.Source, r.Shape, r.Unit = s.source(dir)
	if s.Unit != "" {
		r.Unit = signal.Unit(s.Unit)
	} else if r.Unit == "" {
		r.Unit = s.unit(r.Shape)
	}
	if r.ByRequest {
		r.Shape, r.Unit = signal.Counted, signal.Ratio
	}
	r.Shared = s.Process == "" && s.Log == "" && !bySide(r.Source)
	if r.Shape == signal.Counted || r.Shape == signal.Rate {
		r.Window = time.Duration(s.Window)
	}
	if r.Compare == "" {
		r.Compare = s.comparison()
	}
	if s.Limit != nil {
		r.Limit = s.Limit.Value
	}
	if s.Least != nil {
		r.Least = s.Least.Value
	}
	if r.Role == signal.Evidence {
		r.Weight = defaultWeight
	}
	if s.Weight != nil {
		r.Weight = float64(*s.Weight)
	}
	return r
}

func (s Signal) comparison() signal.Compare {
	if s.Limit != nil {
		return signal.WithLimit
	}
	return signal.WithBlue
}

// unit is that of a number whose source does not say: that of the limit.
func (s Signal) unit(shape signal.Shape) signal.Unit {
	for _, q := range []*Quantity{s.Limit, s.Least} {
		if q != nil {
			return q.Unit
		}
	}
	if shape == signal.Rate {
		return signal.PerSecond
	}
	return signal.Count
}

func bySide(s signal.Source) bool {
	perInstance := s.Kind == signal.Endpoint && strings.HasPrefix(s.At, "/")
	m, _ := signal.FindMeasure(s.Kind, s.Query)
	return perInstance || m.BySide || signal.BySide(s.Query+s.Of+s.Only) || s.Kind == signal.Endpoint && signal.BySide(s.At)
}

// source returns where the number is read, with its shape and unit as far as
// the source says.
func (s Signal) source(dir string) (signal.Source, signal.Shape, signal.Unit) {
	switch {
	case s.Prometheus != nil:
		return s.Prometheus.resolve(signal.Prometheus, dir)
	case s.HTTP != nil:
		return s.HTTP.resolve(signal.Endpoint, dir)
	case s.Postgres != nil:
		p := s.Postgres
		src := signal.Source{Kind: signal.Postgres, At: absoluteReference(p.URL, dir), Query: p.Measure, Only: p.Application}
		if p.Measure == signal.SlowStatements {
			src.Longer = time.Duration(p.Longer)
		}
		return measured(src)
	case s.PgBouncer != nil:
		p := s.PgBouncer
		return measured(signal.Source{Kind: signal.PgBouncer, At: absoluteReference(p.URL, dir), Query: p.Measure, Only: p.Database})
	case s.Cache != nil:
		return measured(signal.Source{Kind: signal.Cache, Query: s.Cache.Measure})
	case s.Process != "":
		return measured(signal.Source{Kind: signal.Process, Query: s.Process})
	}
	return signal.Source{Kind: signal.Log, Query: s.Log}, signal.Rate, signal.PerSecond
}

func measured(src signal.Source) (signal.Source, signal.Shape, signal.Unit) {
	// An unknown measure is refused by its enum already.
	m, _ := signal.FindMeasure(src.Kind, src.Query)
	return src, m.Shape, m.Unit
}

func (q Queries) resolve(kind signal.Kind, dir string) (signal.Source, signal.Shape, signal.Unit) {
	src := signal.Source{Kind: kind, At: absoluteReference(q.URL, dir)}
	if len(q.Headers) > 0 {
		src.Headers = map[string]string{}
	}
	for name, value := range q.Headers {
		src.Headers[name] = absoluteReference(string(value), dir)
	}
	switch {
	case q.Bad != "":
		src.Query, src.Of, src.Rest = q.Bad, q.All+q.Good, q.Good != ""
		if src.Of == "" {
			// per: request has its whole elsewhere.
			return src, signal.Rate, ""
		}
		return src, signal.Counted, signal.Ratio
	case q.Used != "":
		src.Query, src.Of = q.Used, q.Of
		return src, signal.Share, signal.Ratio
	case q.Counter:
		src.Query = q.Query
		return src, signal.Rate, ""
	}
	src.Query = q.Query
	return src, signal.Level, ""
}

// wrong says what does not fit together in the keys, "" for nothing.
func (q Queries) wrong(per string) (reason, cure string) {
	given := 0
	for _, text := range []string{q.Query, q.Bad, q.Used} {
		if text != "" {
			given++
		}
	}
	wholes := q.All != "" || q.Good != ""
	switch {
	case given != 1:
		return fmt.Sprintf("there are %d of query, bad and used", given), "write one of them: query for a number, bad beside all or good for counters, used beside of for a part"
	case q.All != "" && q.Good != "":
		return "there are both all and good", "keep one of the two: all counts the bad ones too, good does not"
	case q.Bad != "" && !wholes && per == "":
		return "bad needs the whole that it is divided by", "add all or good, or write per: request"
	case q.Bad == "" && wholes:
		return "all and good go with bad", "write bad in place of " + map[bool]string{true: "used", false: "query"}[q.Used != ""]
	case (q.Used == "") != (q.Of == ""):
		return "used and of go together", "write both"
	case q.Counter && q.Query == "":
		return "counter goes with query", "remove it: bad, all and good are counters anyway"
	case per != "" && (wholes || !q.Counter && q.Bad == ""):
		return "per: request needs one counter", "write bad alone, or query with counter: true"
	}
	return "", ""
}
