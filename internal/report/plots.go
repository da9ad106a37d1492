package report

import (
	"math"
	"time"

	"cutover/internal/release"
)

// charts draws the course.
func (r Report) charts() section {
	s := section{title: "Course"}
	if len(r.Course.Points) < 2 || !r.Course.To.After(r.Course.From) {
		return s
	}
	for _, c := range []chart{r.split(), r.failures(), r.latency("Half of the answers took at most", half), r.latency("99 % of the answers took at most", most), r.evidence()} {
		var drawn []series
		for _, one := range c.series {
			if one.has() {
				drawn = append(drawn, one)
			}
		}
		if c.series = drawn; len(drawn) > 0 {
			c.from, c.to = r.Course.From, r.Course.To
			s.charts = append(s.charts, c)
		}
	}
	if last := r.Course.Points[len(r.Course.Points)-1].At; len(s.charts) > 0 && last.After(r.Course.To) {
		s.note = "the charts end early in standby, which went on at least until " + last.UTC().Format(dateTime)
	}
	return s
}

func toneOf(s release.Side) tone {
	if s == release.Blue {
		return asBlue
	}
	return asGrn
}

// line is a series of the points of a version.
func (r Report) line(v Version, value func(Point) float64, last func(float64) string) series {
	s := series{name: string(v.Side), tone: toneOf(v.Side), last: unknown}
	for _, p := range r.Course.Points {
		y := value(p)
		s.points = append(s.points, dot{p.At, y})
		if !math.IsNaN(y) {
			s.last = last(y)
		}
	}
	return s
}

// or returns NaN for what is not known.
func or[T float64 | time.Duration](n *T) float64 {
	if n == nil {
		return math.NaN()
	}
	return float64(*n)
}

func (r Report) split() chart {
	got := r.line(r.To, func(p Point) float64 { return or(p.Share) }, percent)
	got.name += " got"
	asked := series{name: "asked", tone: quiet, after: true, last: unknown}
	for _, a := range r.Course.Asked {
		asked.points = append(asked.points, dot{a.At, a.Share})
		asked.last = percent(a.Share)
	}
	return chart{title: "Split: the share of the requests that " + side(r.To) + " got", top: 1, topWord: "100 %", series: []series{got, asked}}
}

func (r Report) failures() chart {
	c := chart{title: "Errors: the share of each side's requests that went wrong", series: []series{
		r.line(r.From, func(p Point) float64 { return or(p.Errors.Old) }, percent),
		r.line(r.To, func(p Point) float64 { return or(p.Errors.New) }, percent),
	}}
	c.top = max(c.highest(), 0.01)
	c.topWord = percent(c.top)
	return c
}

func half(p Point) Pair[time.Duration] { return p.Half }
func most(p Point) Pair[time.Duration] { return p.Most }

func (r Report) latency(title string, of func(Point) Pair[time.Duration]) chart {
	word := func(y float64) string { return lasted(time.Duration(y)) }
	c := chart{title: title, series: []series{
		r.line(r.From, func(p Point) float64 { return or(of(p).Old) }, word),
		r.line(r.To, func(p Point) float64 { return or(of(p).New) }, word),
	}}
	c.top = c.highest()
	c.topWord = word(c.top)
	return c
}

// evidence is drawn by its logarithm: ten times as much is as far again.
func (r Report) evidence() chart {
	c := chart{title: "Evidence, by its logarithm, up to the bar", top: 1, topWord: "needed", bar: true}
	for _, of := range []struct {
		name string
		tone tone
		odds func(release.Evidence) (have, needed float64)
	}{
		{"against", bad, func(e release.Evidence) (float64, float64) { return e.Against, e.AgainstNeeded }},
		{"for", good, func(e release.Evidence) (float64, float64) { return e.For, e.ForNeeded }},
	} {
		s := series{name: of.name, tone: of.tone, after: true, last: unknown}
		for _, p := range r.Course.Points {
			y := math.NaN()
			if p.Evidence != nil {
				have, needed := of.odds(*p.Evidence)
				y, s.last = progress(have, needed), number(have)+" of "+number(needed)
			}
			s.points = append(s.points, dot{p.At, y})
		}
		c.series = append(c.series, s)
	}
	return c
}

// progress is how far evidence has come, 0..1.
func progress(have, needed float64) float64 {
	if !(have > 1) || !(needed > 1) {
		return 0
	}
	return min(math.Log(have)/math.Log(needed), 1)
}

func (c chart) highest() float64 {
	top := 0.0
	for _, s := range c.series {
		for _, d := range s.points {
			if d.y > top {
				top = d.y
			}
		}
	}
	return top
}

// at returns the value of a series at a moment, NaN for none.
func (s series) at(t time.Time) float64 {
	y := math.NaN()
	for _, d := range s.points {
		if s.after && d.at.After(t) {
			break
		}
		if s.after && !math.IsNaN(d.y) {
			y = d.y
		}
		if !s.after && !d.at.Before(t) {
			return d.y
		}
	}
	return y
}
