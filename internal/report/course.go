package report

import (
	"time"

	"cutover/internal/release"
)

// MostPoints bounds the points of a course.
const MostPoints = 300

// Course is how the numbers of a release went.
type Course struct {
	// From and To are the time that charts show. To is before the last point
	// where a long standby would leave no room for what came before it.
	From time.Time `json:"from,omitzero"`
	To   time.Time `json:"to,omitzero"`
	// Asked is the new side's share as it was ordered and carried out.
	Asked []Asked `json:"asked,omitempty"`
	// Points are at most MostPoints, oldest first.
	Points []Point `json:"points,omitempty"`
}

// Asked is an order of a share of the traffic.
type Asked struct {
	At    time.Time `json:"at"`
	Share float64   `json:"share"`
}

// Pair is a number of each version, nil where it is not known.
type Pair[T any] struct {
	Old *T `json:"old,omitempty"`
	New *T `json:"new,omitempty"`
}

// Point is one moment of a course.
type Point struct {
	At time.Time `json:"at"`
	// Share is the new side's share of the requests since the point before, and
	// Errors is the share of each side's requests that went wrong since then.
	Share  *float64      `json:"share,omitempty"`
	Errors Pair[float64] `json:"errors,omitzero"`
	// Half and Most are what half and 99 % of the answers took at most since
	// the comparison began.
	Half Pair[time.Duration] `json:"half,omitzero"`
	Most Pair[time.Duration] `json:"most,omitzero"`
	// Evidence is how far the comparison had come, without what each signal
	// contributed; nil where nothing was compared.
	Evidence *release.Evidence `json:"evidence,omitempty"`
}

// sample is one record from which a point is made.
type sample struct {
	at       time.Time
	reading  *release.Reading
	evidence *release.Evidence
}

// thinned leaves at most MostPoints samples, the first and the last included.
// All are sums since some beginning, so that nothing is lost between two that
// stay.
func thinned(all []sample) []sample {
	if len(all) <= MostPoints {
		return all
	}
	kept := make([]sample, 0, MostPoints)
	for i := range MostPoints {
		kept = append(kept, all[i*(len(all)-1)/(MostPoints-1)])
	}
	return kept
}

// plotter turns samples into points: what has grown since the one before.
type plotter struct {
	fresh    release.Side
	reading  *release.Reading
	evidence *release.SignalEvidence
}

func (p *plotter) plot(all []sample) []Point {
	var points []Point
	for _, s := range thinned(all) {
		if pt := p.point(s); pt.Share != nil || pt.Evidence != nil || pt.Errors.New != nil || pt.Errors.Old != nil {
			points = append(points, pt)
		}
	}
	return points
}

func (p *plotter) point(s sample) Point {
	pt := Point{At: s.at}
	p.count(&pt, s.reading)
	if s.evidence == nil {
		return pt
	}
	totals := *s.evidence
	totals.Signals = nil
	pt.Evidence = &totals
	for i := range s.evidence.Signals {
		one := &s.evidence.Signals[i]
		switch {
		case one.New.Most > 0 || one.Old.Most > 0:
			pt.Half, pt.Most = times(one.Old.Half, one.New.Half), times(one.Old.Most, one.New.Most)
		case i == 0: // the requests themselves come first
			p.compare(&pt, one)
		}
	}
	return pt
}

// count reads a point from the front's counters.
func (p *plotter) count(pt *Point, now *release.Reading) {
	if now == nil {
		return
	}
	if base := p.reading; base != nil && base.Epoch == now.Epoch {
		grown := grownSince(*base, *now)
		fresh, old := *grown.Of(p.fresh), *grown.Of(p.fresh.Other())
		pt.Share = part(float64(fresh.Accepted), float64(fresh.Accepted+old.Accepted))
		pt.Errors = Pair[float64]{Old: part(float64(old.Errors), float64(old.Accepted)), New: part(float64(fresh.Errors), float64(fresh.Accepted))}
	}
	p.reading = now
}

// compare reads a point from what was compared: it has those requests that no
// whole answer came to, and none of people who test.
func (p *plotter) compare(pt *Point, now *release.SignalEvidence) {
	var base release.SignalEvidence
	if p.evidence != nil && p.evidence.Old.Requests <= now.Old.Requests && p.evidence.New.Requests <= now.New.Requests {
		base = *p.evidence // else the comparison began anew
	}
	p.evidence = now
	old, fresh := now.Old.Requests-base.Old.Requests, now.New.Requests-base.New.Requests
	pt.Errors = Pair[float64]{Old: part(now.Old.Bad-base.Old.Bad, old), New: part(now.New.Bad-base.New.Bad, fresh)}
	if pt.Share == nil {
		pt.Share = part(fresh, old+fresh)
	}
}

func times(old, fresh time.Duration) Pair[time.Duration] {
	var p Pair[time.Duration]
	if old > 0 {
		p.Old = &old
	}
	if fresh > 0 {
		p.New = &fresh
	}
	return p
}
