package report

import "time"

// page is a report as it is shown, whatever shows it: sections of facts, tables
// and charts, all of it plain text in one line each.
type page struct {
	title    string
	sections []section
}

// section is a part of a page; one without anything in it is left out.
type section struct {
	title  string
	facts  []fact
	tables []table
	charts []chart
	note   string
}

type fact struct{ name, value string }

// table has a row of words over each column.
type table struct {
	head []string
	rows [][]string
	// left is how many further rows there are.
	left int
}

// mostRows bounds a table; the JSON has all.
const mostRows = 60

// tone is what a line or a word is about; it is never the only sign.
type tone string

const (
	plain  tone = ""
	asBlue tone = "blue"
	asGrn  tone = "green"
	good   tone = "good"
	bad    tone = "bad"
	quiet  tone = "quiet"
	strong tone = "strong"
)

// chart is one or more series over the same time and scale.
type chart struct {
	title string
	// top is the end of the scale, which begins at 0; topWord says it. With bar,
	// the top is a line to be reached.
	top     float64
	topWord string
	bar     bool
	from    time.Time
	to      time.Time
	series  []series
}

// series is one line of a chart.
type series struct {
	name string
	tone tone
	// after says that a value holds from its point on; else it tells of the
	// time since the point before.
	after  bool
	last   string
	points []dot
}

// dot is a value at a time, NaN for none.
type dot struct {
	at time.Time
	y  float64
}

func (s *section) fact(name, value string) {
	if value != "" {
		s.facts = append(s.facts, fact{name, clean(value)})
	}
}

func (s section) empty() bool {
	return len(s.facts) == 0 && len(s.tables) == 0 && len(s.charts) == 0 && s.note == ""
}

// add takes in a row, the cells cleaned.
func (t *table) add(cells ...string) {
	if len(t.rows) >= mostRows {
		t.left++
		return
	}
	for i := range cells {
		if cells[i] = clean(cells[i]); cells[i] == "" {
			cells[i] = unknown
		}
	}
	t.rows = append(t.rows, cells)
}

// put adds a table that has rows.
func (s *section) put(t table) {
	if len(t.rows) > 0 {
		s.tables = append(s.tables, t)
	}
}

// has reports whether a series has anything to show.
func (s series) has() bool {
	for _, d := range s.points {
		if d.y == d.y {
			return true
		}
	}
	return false
}
