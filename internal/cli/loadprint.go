package cli

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"cutover/internal/load"
)

// printLoad prints what came of a load.
func (s *session) printLoad(r load.Result) {
	for _, side := range r.Sides {
		fmt.Fprintln(s.out)
		s.printLoadSide(r, side)
	}
	if len(r.Ratios) > 0 {
		fmt.Fprintln(s.out)
		s.printRatios(r)
	}
	if len(r.Judgements)+len(r.Notes) > 0 {
		fmt.Fprintln(s.out)
	}
	for _, n := range r.Notes {
		fmt.Fprintf(s.out, "%s %s\n", s.paint(s.out, yellow, "note:"), n)
	}
	for _, j := range r.Judgements {
		word := s.paint(s.out, green, "held:  ")
		if !j.Held {
			word = s.paint(s.out, red, "broken:")
		}
		fmt.Fprintf(s.out, "%s %s (%s)\n", word, j.Threshold, j.Got)
	}
	if r.Passed() {
		fmt.Fprintln(s.out, s.paint(s.out, green, "passed"))
	} else {
		fmt.Fprintln(s.out, s.paint(s.out, red, "failed"))
	}
}

func (s *session) printLoadSide(r load.Result, side load.Side) {
	head := side.Name
	if len(side.Targets) == 1 {
		head = side.Targets[0].Name
	}
	fmt.Fprintf(s.out, "%s: %s\n", s.paint(s.out, bold, head), loadWords(r, side))
	t := &table{}
	t.row("", "DONE", "ERRORS", "GOOD/S", "MEAN", "P50", "P90", "P95", "P99", "P99.9", "MAX", "IN")
	if len(side.Requests) > 1 {
		t.row(loadRow("all requests", side.Total)...)
	}
	for _, list := range [][]load.Account{side.Pages, side.Requests} {
		for _, a := range list {
			if a.Done+a.Dropped > 0 {
				t.row(loadRow(a.Name, a)...)
			}
		}
	}
	if len(side.Targets) > 1 {
		for _, a := range side.Targets {
			t.row(loadRow("on "+a.Name, a)...)
		}
	}
	if r.Model == load.Open {
		t.row(timesRow("from sending", side.Total.Service)...)
	}
	t.write(s.out)
	for _, a := range slices.Concat(side.Requests, side.Pages) {
		for _, w := range a.Wrong {
			fmt.Fprintf(s.out, "  %s %s: %s\n", s.paint(s.out, red, strconv.FormatUint(w.Count, 10)+"x"), a.Name, w.What)
		}
	}
}

// loadWords sums a side up in a line.
func loadWords(r load.Result, side load.Side) string {
	it := side.Iterations
	words := []string{fmt.Sprintf("%d of %d iterations in %s", it.Whole, it.Due, time.Duration(r.Took).Round(10*time.Millisecond))}
	if r.Model == load.Open {
		words = append(words, fmt.Sprintf("%s/s asked", strconv.FormatFloat(side.Asked, 'f', 1, 64)))
	}
	for _, one := range []struct {
		n    uint64
		what string
	}{{it.Failed, "failed"}, {it.Unfinished, "unfinished"}, {it.Dropped, "dropped"}} {
		if one.n > 0 {
			words = append(words, fmt.Sprintf("%d %s", one.n, one.what))
		}
	}
	return strings.Join(words, ", ")
}

func loadRow(name string, a load.Account) []string {
	errors := "0"
	if a.Errors > 0 {
		errors = fmt.Sprintf("%d (%s)", a.Errors, share(a.ErrorShare))
	}
	cells := append([]string{name, strconv.FormatUint(a.Done, 10), errors, strconv.FormatFloat(a.Rate, 'f', 1, 64)}, timeCells(a.Latency)...)
	return append(cells, bytesText(a.In))
}

func timesRow(name string, t load.Times) []string {
	return append([]string{name, strconv.FormatUint(t.Count, 10), "", ""}, timeCells(t)...)
}

func timeCells(t load.Times) []string {
	var cells []string
	for _, m := range []load.Millis{t.Mean, t.P50, t.P90, t.P95, t.P99, t.P999, t.Max} {
		cells = append(cells, m.String())
	}
	return cells
}

func share(f float64) string { return strconv.FormatFloat(f*100, 'g', 3, 64) + "%" }

// bytesText writes a size with the unit that suits it.
func bytesText(n int64) string {
	f, unit := float64(n), 0
	for f >= 1000 && unit < 4 {
		f /= 1000
		unit++
	}
	if unit == 0 {
		return fmt.Sprintf("%d B", n)
	}
	return strconv.FormatFloat(f, 'f', 1, 64) + " " + []string{"", "kB", "MB", "GB", "TB"}[unit]
}

// printRatios prints the comparison of both sides, a row for each name. The
// figures themselves stand above it.
func (s *session) printRatios(r load.Result) {
	fmt.Fprintf(s.out, "%s as multiples of %s\n", s.paint(s.out, bold, r.Sides[0].Targets[0].Name), r.Sides[1].Targets[0].Name)
	t := &table{}
	t.row("", "P50", "P90", "P99", "MEAN", "ERRORS", "GOOD/S")
	rows := map[string][]string{}
	var names []string
	for _, one := range r.Ratios {
		name := one.Name
		if name == "" {
			name = "all requests"
		}
		if rows[name] == nil {
			names, rows[name] = append(names, name), []string{name}
		}
		rows[name] = append(rows[name], times(one.Ratio))
	}
	for _, name := range names {
		if strings.Trim(strings.Join(rows[name][1:], ""), "-") != "" {
			t.row(rows[name]...)
		}
	}
	t.write(s.out)
}

func times(f *float64) string {
	if f == nil {
		return "-"
	}
	return strconv.FormatFloat(*f, 'f', 2, 64) + "x"
}
