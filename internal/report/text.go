package report

import (
	"strings"
	"time"
	"unicode/utf8"
)

// Paint colours words for a terminal: "blue" and "green" are about a side,
// "good", "bad", "quiet" and "strong" say what they are. It may leave the words
// as they are, but not change their number of characters.
type Paint func(tone, words string) string

// Look says how a text is laid out.
type Look struct {
	// Width is the columns there are, 80 if 0; it is kept within 76 and 140.
	Width int
	// ASCII keeps to the characters that every terminal has.
	ASCII bool
	// Paint is nil for no colour.
	Paint Paint
}

// Text tells the report for a terminal, with charts drawn in characters.
func (r Report) Text(l Look) string {
	w := &typist{width: 80, signs: blocks, paint: l.Paint}
	if l.Width > 0 {
		w.width = min(max(l.Width, 76), 140)
	}
	if l.ASCII {
		w.signs = ascii
	}
	if w.paint == nil {
		w.paint = func(_, words string) string { return words }
	}
	p := r.page()
	w.line(strong, p.title)
	for _, s := range p.sections {
		w.section(s)
	}
	return w.b.String()
}

// typist writes lines.
type typist struct {
	b     strings.Builder
	width int
	signs signs
	paint Paint
}

// plain leaves out what the terminal cannot show.
func (w *typist) plain(text string) string {
	if !w.signs.ascii {
		return text
	}
	return strings.Map(func(r rune) rune {
		if r < utf8.RuneSelf {
			return r
		}
		return '?'
	}, text)
}

func (w *typist) tone(t tone, text string) string {
	if t == plain || text == "" {
		return w.plain(text)
	}
	return w.paint(string(t), w.plain(text))
}

func (w *typist) line(t tone, text string) {
	for _, l := range wrap(text, w.width) {
		w.b.WriteString(w.tone(t, l) + "\n")
	}
}

func (w *typist) section(s section) {
	w.b.WriteString("\n" + w.tone(strong, s.title) + "\n")
	names := 0
	for _, f := range s.facts {
		names = max(names, width(f.name))
	}
	for _, f := range s.facts {
		w.hang("  "+pad(f.name, names)+"  ", f.value, toneOfFact(f))
	}
	for i, c := range s.charts {
		if i > 0 {
			w.b.WriteString("\n")
		}
		w.chart(c)
	}
	for i, t := range s.tables {
		if i > 0 || len(s.facts) > 0 {
			w.b.WriteString("\n")
		}
		w.table(t)
	}
	if s.note != "" {
		w.hang("  ", s.note, quiet)
	}
}

// toneOfFact makes what a verdict says stand out.
func toneOfFact(f fact) tone {
	if f.name != "outcome" && f.name != "verdict" {
		return plain
	}
	switch word, _, _ := strings.Cut(f.value, ":"); {
	case strings.HasPrefix(word, "rolled-back"), strings.Contains(word, "failing"), strings.HasPrefix(word, "needs-human"):
		return bad
	case strings.HasPrefix(word, "done"), strings.HasPrefix(word, "healthy"), strings.HasPrefix(word, "compared"):
		return good
	}
	return plain
}

// hang writes text behind a beginning; further lines begin below the text.
func (w *typist) hang(begin, text string, t tone) {
	room := max(w.width-width(begin), 20)
	for i, l := range wrap(text, room) {
		if i > 0 {
			begin = strings.Repeat(" ", width(begin))
		}
		w.b.WriteString(strings.TrimRight(w.plain(begin)+w.tone(t, l), " ") + "\n")
	}
}

func (w *typist) chart(c chart) {
	w.hang("  ", c.title, plain)
	names, lasts := width(c.topWord), 0
	for _, s := range c.series {
		names, lasts = max(names, width(s.name)), max(lasts, width(s.last))
	}
	columns := max(w.width-2-names-2-1-lasts-1, 20)
	for i, s := range c.series {
		rows := c.strip(s, c.rows(i), columns, w.signs)
		for k, drawn := range rows {
			name, last := "", ""
			if k == 0 && len(rows) > 1 {
				name = c.topWord
			}
			if k == len(rows)-1 {
				name, last = s.name, s.last
			}
			if last == "" {
				drawn = strings.TrimRight(drawn, " ")
			}
			text := "  " + w.tone(quiet, pad(name, names)) + " " + w.signs.side + w.tone(s.tone, drawn) + " " + w.plain(last)
			w.b.WriteString(strings.TrimRight(text, " ") + "\n")
		}
	}
	w.axis(c, names, columns)
}

func (w *typist) axis(c chart, names, columns int) {
	begin := strings.Repeat(" ", 2+names+1)
	w.b.WriteString(begin + w.signs.foot + strings.Repeat(w.signs.line, columns) + "\n")
	from, to := span(c.from, c.to)
	gap := max(columns-width(from)-width(to), 1)
	w.b.WriteString(begin + " " + w.tone(quiet, from+strings.Repeat(" ", gap)+to) + "\n")
}

// span writes the ends of a time, with the day where they are not of one.
func span(from, to time.Time) (string, string) {
	layout := clock
	if from.UTC().Format(time.DateOnly) != to.UTC().Format(time.DateOnly) {
		layout = "01-02 15:04"
	}
	return from.UTC().Format(layout), to.UTC().Format(layout)
}

// table writes columns as wide as they need to be; the last one takes what is
// left, and where that is little the row goes on below.
func (w *typist) table(t table) {
	widths := make([]int, len(t.head))
	for _, row := range append([][]string{t.head}, t.rows...) {
		for i, cell := range row {
			widths[i] = max(widths[i], width(cell))
		}
	}
	last := len(widths) - 1
	for w.room(widths) < min(widths[last], 20) && w.shrink(widths[:last]) {
	}
	w.row(t.head, widths, quiet)
	for _, row := range t.rows {
		w.row(row, widths, plain)
	}
	if t.left > 0 {
		w.hang("  ", "and "+number(float64(t.left))+" more, all of them with -o json", quiet)
	}
}

// room is what the last column has.
func (w *typist) room(widths []int) int {
	used := 2
	for _, n := range widths[:len(widths)-1] {
		used += n + 2
	}
	return w.width - used
}

// shrink takes a character from the widest column, and reports whether it could.
func (w *typist) shrink(widths []int) bool {
	most := 0
	for i := range widths {
		if widths[i] > widths[most] {
			most = i
		}
	}
	if len(widths) == 0 || widths[most] <= 6 {
		return false
	}
	widths[most]--
	return true
}

// row writes a row, its cells wrapped within their columns.
func (w *typist) row(cells []string, widths []int, t tone) {
	last, lines := len(cells)-1, 1
	wrapped := make([][]string, len(cells))
	for i, cell := range cells {
		room := widths[i]
		if i == last {
			room = max(w.room(widths), 8)
		}
		wrapped[i] = wrap(cell, room)
		lines = max(lines, len(wrapped[i]))
	}
	for k := range lines {
		text := " "
		for i, cell := range wrapped {
			part := ""
			if k < len(cell) {
				part = cell[k]
			}
			text += " " + pad(part, widths[i])
			if i < last {
				text += " "
			}
		}
		w.b.WriteString(w.tone(t, strings.TrimRight(text, " ")) + "\n")
	}
}

func width(text string) int { return utf8.RuneCountInString(text) }

func pad(text string, to int) string { return text + strings.Repeat(" ", max(to-width(text), 0)) }

// wrap breaks text into lines of so many characters at most, at spaces where
// there are any.
func wrap(text string, most int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(text) {
		for width(word) > most {
			if line != "" {
				lines, line = append(lines, line), ""
			}
			cut := []rune(word)
			lines, word = append(lines, string(cut[:most])), string(cut[most:])
		}
		switch {
		case line == "":
			line = word
		case width(line)+1+width(word) <= most:
			line += " " + word
		default:
			lines, line = append(lines, line), word
		}
	}
	if line != "" || len(lines) == 0 {
		lines = append(lines, line)
	}
	return lines
}
