package lint

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// grammar is the major version of PostgreSQL whose language is read.
const grammar = 17

// Lint returns what in a script would hurt, in the order of the text. A text
// that cannot be read has one finding, with the id "unreadable".
func Lint(sql string, facts Facts) []Finding {
	list, err := parse(sql)
	if err != nil {
		return []Finding{refused(sql, err, facts)}
	}
	sc := newScript(sql, facts, list)
	var found []placed
	for i := range list {
		s := &statement{parsed: list[i], script: sc, last: i == len(list)-1}
		sc.enter(s)
		for _, r := range rules {
			for _, h := range r.check(s) {
				found = append(found, sc.finding(r, s, h))
			}
		}
		sc.leave(s)
	}
	slices.SortStableFunc(found, func(a, b placed) int { return cmp.Compare(a.at, b.at) })
	out := make([]Finding, 0, len(found))
	for _, f := range found {
		out = append(out, f.Finding)
	}
	return out
}

// placed is a finding with the byte it stands at.
type placed struct {
	Finding
	at int
}

func (sc *script) finding(r Rule, s *statement, h hit) placed {
	at := h.at
	if at < s.at {
		at = s.at
	}
	f := Finding{ID: r.ID, Place: place(sc.sql, at), Statement: cut(s.text), Reason: r.Reason, SafeWay: r.SafeWay, Severity: r.Severity}
	if h.what != "" {
		f.Reason = h.what + ": " + r.Reason
	}
	if small, size := sc.facts.small(h.table); size != "" && r.small != 0 {
		f.Reason += "; " + size
		if small {
			f.Severity = r.small
		}
	}
	return placed{f, at}
}

func refused(sql string, err error, facts Facts) Finding {
	f := Finding{ID: unreadable.ID, Place: "1:1", Reason: err.Error() + ": " + unreadable.Reason, SafeWay: unreadable.SafeWay, Severity: unreadable.Severity}
	if facts.Server > grammar {
		f.Reason += fmt.Sprintf("; unless it is new in PostgreSQL %d: what is read here is the language of %d", facts.Server, grammar)
	}
	var syntax *syntaxError
	if errors.As(err, &syntax) {
		f.Place = place(sql, syntax.at)
		line, _, _ := strings.Cut(sql[strings.LastIndexByte(sql[:syntax.at], '\n')+1:], "\n")
		f.Statement = cut(strings.TrimSpace(line))
	}
	return f
}
