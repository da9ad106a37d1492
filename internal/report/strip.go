package report

import (
	"math"
	"strings"
	"time"
)

// signs are what a chart is drawn with: from nothing to a full character, and
// the frame.
type signs struct {
	levels           []rune
	side, foot, line string
	// ascii says that nothing else may be written.
	ascii bool
}

var (
	blocks = signs{levels: []rune(" ▁▂▃▄▅▆▇█"), side: "│", foot: "└", line: "─"}
	ascii  = signs{levels: []rune(" _.:|#"), side: "|", foot: "+", line: "-", ascii: true}
)

// strip draws a series in rows of so many columns each, the highest first. A
// zero shows as the lowest sign, so that it differs from what is not known.
func (c chart) strip(s series, rows, columns int, g signs) []string {
	full := len(g.levels) - 1
	drawn := make([]strings.Builder, rows)
	for x := range columns {
		y := s.at(c.from.Add(c.to.Sub(c.from) * time.Duration(x) / time.Duration(max(columns-1, 1))))
		height := 0
		if !math.IsNaN(y) {
			height = max(int(math.Round(min(max(y/c.top, 0), 1)*float64(rows*full))), 1)
		}
		for row := range rows {
			level := min(max(height-(rows-1-row)*full, 0), full)
			drawn[row].WriteRune(g.levels[level])
		}
	}
	out := make([]string, rows)
	for i := range drawn {
		out[i] = drawn[i].String()
	}
	return out
}

// rows is how high a series is drawn: one alone, or what stands first to a bar,
// is worth more.
func (c chart) rows(i int) int {
	if len(c.series) <= 2 && i == 0 && c.series[0].tone != plain && c.top == 1 && !c.bar {
		return 4
	}
	if c.series[i].tone == quiet {
		return 1
	}
	return 2
}
