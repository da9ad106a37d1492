package lint

import (
	"fmt"
	"strings"
)

// Document returns the list of all rules for people to read, in Markdown.
func Document() string {
	var b strings.Builder
	b.WriteString("# What `cutover lint` looks for in SQL\n\n" +
		"Written by `go test ./internal/schema/lint -update` from the rules themselves; do not edit it here.\n\n" +
		"A finding can be accepted by its id, with a reason. Tables the same script made are spared where nobody can use them yet;\n" +
		"for tables known to have at most 10,000 rows, some rules are milder, as the second column says.\n\n| id | severity | what happens |\n|---|---|---|\n")
	for _, r := range Rules() {
		fmt.Fprintf(&b, "| [%s](#%s) | %s | %s |\n", r.ID, r.ID, r.severity(), r.Reason)
	}
	for _, r := range Rules() {
		fmt.Fprintf(&b, "\n## %s\n\n%s, %s. Instead: %s.\n\n```sql\n-- found\n%s\n\n-- not found\n%s\n```\n", r.ID, r.severity(), r.Reason, r.SafeWay, r.Bad, r.Good)
	}
	return b.String()
}

func (r Rule) severity() string {
	if r.small != 0 {
		return r.Severity.String() + ", small table: " + r.small.String()
	}
	return r.Severity.String()
}
