package config

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// The time the YAML library takes grows with the square of length and depth,
// so both are bounded before it sees a text.
const (
	// maxText is the longest YAML file, in bytes.
	maxText = 128 << 10
	// maxOpen is how many brackets may be open at once.
	maxOpen = 200
)

// source is the text of one file and the problems found in it.
type source struct {
	name string
	// dir is the absolute folder that relative paths in the file start from.
	dir   string
	lines []string
	// broken says that a part of the file is not YAML.
	broken   bool
	problems Problems
}

func newSource(name string, data []byte, dir string) *source {
	text := strings.TrimPrefix(string(data), "\uFEFF")
	// YAML ends lines in each of these ways.
	text = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text)
	return &source{name: name, dir: dir, lines: strings.Split(text, "\n")}
}

// report records a problem at a line and column, counted from 1.
func (s *source) report(line, column int, path, reason, cure string) {
	line = min(line, len(s.lines))
	p := &Problem{Place: Place{s.name, line, column}, Path: path, Reason: reason, Cure: cure}
	if line >= 1 {
		p.Place.Column = min(column, len([]rune(s.lines[line-1]))+1)
		p.Excerpt = excerpt(s.lines[line-1], line, p.Place.Column)
	}
	s.problems = append(s.problems, p)
}

// documents parses the file. The documents are parsed one by one so that a
// mistake in the notation of one does not hide those in the others.
func (s *source) documents(data []byte) []*node {
	if why := unreadable(data); why != "" {
		s.broken = true
		s.report(0, 0, "", why, "save it as UTF-8 text of at most 128 KiB with all brackets closed")
		return nil
	}
	var docs []*node
	for _, part := range s.split() {
		found, err := parseYAML(part.text)
		if err != nil {
			s.broken = true
			s.reportNotation(part.first, err)
			continue
		}
		for _, n := range found {
			n.shift(part.first)
			docs = append(docs, n)
		}
	}
	if len(docs) == 0 && !s.broken {
		s.report(0, 0, "", "the file says nothing", "begin with: apiVersion: "+APIVersion)
	}
	return docs
}

func unreadable(data []byte) string {
	switch {
	case len(data) > maxText:
		return "the file has more than 128 KiB"
	case !utf8.Valid(data):
		return "the file is not UTF-8 text"
	case strings.ContainsRune(string(data), 0):
		return "the file contains a zero byte"
	case openBrackets(data) > maxOpen:
		return fmt.Sprintf("more than %d brackets are open at once", maxOpen)
	}
	return ""
}

// openBrackets returns how many brackets are open at most, wherever they
// stand.
func openBrackets(data []byte) int {
	most, open := 0, 0
	for _, c := range data {
		switch c {
		case '[', '{':
			open++
			most = max(most, open)
		case ']', '}':
			open = max(open-1, 0)
		}
	}
	return most
}

func (s *source) reportNotation(first int, err error) {
	reason, cure := explain(err, "check the notation")
	line, column := 1, 1
	if y, ok := errors.AsType[*yamlError](err); ok {
		reason, cure, line, column = y.reason, y.cure, y.line, y.column
	}
	s.report(first+line, column, "", reason, cure)
}

// part is the text of one document and how many lines come before it.
type part struct {
	text  string
	first int
}

// split cuts the file at lines that begin with "---". Such a line keeps what
// follows the mark.
func (s *source) split() []part {
	var parts []part
	begin := 0
	lines := append([]string(nil), s.lines...)
	for i, line := range lines {
		if line != "---" && !strings.HasPrefix(line, "--- ") {
			continue
		}
		parts = append(parts, part{strings.Join(lines[begin:i], "\n"), begin})
		begin = i
		lines[i] = "   " + line[3:]
	}
	return append(parts, part{strings.Join(lines[begin:], "\n"), begin})
}

// shift moves a value and all in it down by some lines.
func (n *node) shift(lines int) {
	n.line += lines
	for i := range n.pairs {
		n.pairs[i].line += lines
		n.pairs[i].value.shift(lines)
	}
	for _, item := range n.items {
		item.shift(lines)
	}
}
