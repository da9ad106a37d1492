package pooler

import (
	"fmt"
	"slices"

	"cutover/internal/pooler/console"
)

// of returns the rows of some databases for which is holds.
func of(rows []console.Row, names []string, is func(console.Row) bool) []console.Row {
	var list []console.Row
	for _, r := range rows {
		if slices.Contains(names, r["database"]) && is(r) {
			list = append(list, r)
		}
	}
	return list
}

// who says whose connection a row is about.
func who(r console.Row) string {
	text := fmt.Sprintf("of %s to %s from %s:%s", r["user"], r["database"], r["addr"], r["port"])
	if name := r["application_name"]; name != "" {
		text += " (" + name + ")"
	}
	return text
}
