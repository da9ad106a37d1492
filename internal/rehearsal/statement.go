package rehearsal

import (
	"regexp"
	"strings"
)

// OldStatement is a statement that the old code ran.
type OldStatement struct {
	// Text is the statement, with $1 for parameters or with values.
	Text string
	// Calls is how often it ran, 0 if unknown.
	Calls int64
	// SearchPath is what the session had set, "" for the clone's own.
	SearchPath string
}

// Usage is what the old code is known to run, and from where that is known.
type Usage struct {
	// From says where it comes from, such as pg_stat_statements.
	From       string
	Statements []OldStatement
	// Missing says what is not in it, "" if nothing is known to be missing.
	Missing string
}

// preparable begins the statements that PostgreSQL plans, and of which
// preparing them proves something.
var preparable = regexp.MustCompile(`(?i)^[\s(]*(select|insert|update|delete|with|values|merge|table)\b`)

// write is where a statement inserts.
type write struct {
	// schema is "" if it is not named; columns are nil if they are not.
	schema, table string
	columns       []string
	// conflict says that it has an ON CONFLICT with a target.
	conflict bool
	text     string
}

var (
	identifier = `(?:"(?:[^"]|"")+"|[\p{L}_][\p{L}\p{N}_$]*)`
	inserting  = regexp.MustCompile(`(?is)\b(?:insert\s+into|merge\s+into|copy)\s+(?:only\s+)?(` + identifier + `)\s*(?:\.\s*(` + identifier + `))?(?:\s+as\s+` + identifier + `)?\s*(?:\(([^()]*)\))?`)
	conflict   = regexp.MustCompile(`(?is)\bon\s+conflict\s*(\(|on\s+constraint)`)
)

// writes returns where the statements insert rows.
func writes(list []OldStatement) []write {
	var out []write
	for _, s := range list {
		text := plain(s.Text)
		for _, m := range inserting.FindAllStringSubmatch(text, -1) {
			w := write{table: unquoted(m[1]), conflict: conflict.MatchString(text), text: shown(s.Text)}
			if m[2] != "" {
				w.schema, w.table = unquoted(m[1]), unquoted(m[2])
			}
			if m[3] != "" {
				for _, c := range strings.Split(m[3], ",") {
					w.columns = append(w.columns, unquoted(strings.TrimSpace(c)))
				}
			}
			out = append(out, w)
		}
	}
	return out
}

// unquoted returns an identifier as the catalogue spells it.
func unquoted(name string) string {
	if strings.HasPrefix(name, `"`) {
		return strings.ReplaceAll(strings.Trim(name, `"`), `""`, `"`)
	}
	return strings.ToLower(name)
}
