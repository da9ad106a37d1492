package report

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"math"
	"strings"
	"time"
)

//go:embed page.html
var pageSource string

var pageTemplate = template.Must(template.New("page").Parse(pageSource))

// HTML writes the report as one page that needs nothing else: its charts are
// drawn in it, it has no script and asks no server for anything. Whatever it
// quotes is escaped.
func (r Report) HTML(to io.Writer) error {
	p := r.page()
	view := htmlPage{Title: p.title}
	for _, s := range p.sections {
		view.Sections = append(view.Sections, viewOf(s))
	}
	if err := pageTemplate.Execute(to, view); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	return nil
}

// htmlPage and what is in it are a page as its template reads it.
type htmlPage struct {
	Title    string
	Sections []htmlSection
}

type htmlSection struct {
	Title, Note string
	Facts       []htmlFact
	Charts      []htmlChart
	Tables      []htmlTable
}

type htmlFact struct{ Name, Value, Tone string }

type htmlTable struct {
	Head []string
	Rows [][]string
	Left int
}

type htmlChart struct {
	Title, Top, From, To string
	Bar                  bool
	Series               []htmlSeries
}

type htmlSeries struct {
	Name, Last, Tone string
	// Lines are the points of unbroken lines, "x,y x,y".
	Lines []string
}

func viewOf(s section) htmlSection {
	v := htmlSection{Title: s.title, Note: s.note}
	for _, f := range s.facts {
		v.Facts = append(v.Facts, htmlFact{f.name, f.value, string(toneOfFact(f))})
	}
	for _, c := range s.charts {
		from, to := span(c.from, c.to)
		h := htmlChart{Title: c.title, Top: c.topWord, From: from, To: to, Bar: c.bar}
		for _, one := range c.series {
			h.Series = append(h.Series, htmlSeries{one.name, one.last, string(one.tone), c.lines(one)})
		}
		v.Charts = append(v.Charts, h)
	}
	for _, t := range s.tables {
		v.Tables = append(v.Tables, htmlTable{t.head, t.rows, t.left})
	}
	return v
}

// The drawing's size without its frame, in the units of its template.
const (
	chartWidth  = 600
	chartHeight = 100
)

// lines returns a series as unbroken lines. A value that holds from its point on
// makes steps, and lasts to the end.
func (c chart) lines(s series) []string {
	var all []string
	var line []string
	before := math.NaN()
	end := func() {
		if len(line) == 1 {
			line = append(line, line[0]) // a dot
		}
		if len(line) > 0 {
			all = append(all, strings.Join(line, " "))
		}
		line = nil
	}
	for _, d := range s.points {
		switch {
		case d.at.After(c.to):
			continue
		case d.at.Before(c.from):
			before = d.y
			continue
		case math.IsNaN(d.y):
			if !s.after {
				end()
			}
			continue
		}
		if s.after && !math.IsNaN(before) {
			if len(line) == 0 {
				line = append(line, c.spot(c.from, before))
			}
			line = append(line, c.spot(d.at, before))
		}
		line = append(line, c.spot(d.at, d.y))
		before = d.y
	}
	if s.after && !math.IsNaN(before) {
		if len(line) == 0 {
			line = append(line, c.spot(c.from, before))
		}
		line = append(line, c.spot(c.to, before))
	}
	end()
	return all
}

func (c chart) spot(at time.Time, y float64) string {
	x := float64(at.Sub(c.from)) / float64(c.to.Sub(c.from))
	return fmt.Sprintf("%.1f,%.1f", x*chartWidth, chartHeight-min(max(y/c.top, 0), 1)*chartHeight)
}
