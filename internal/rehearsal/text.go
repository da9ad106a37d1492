package rehearsal

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// sortReasons puts what counts before what happens later, and the worst first.
func sortReasons(list []Reason) {
	slices.SortStableFunc(list, func(a, b Reason) int {
		if a.Later != b.Later {
			if a.Later {
				return 1
			}
			return -1
		}
		return cmp.Or(cmp.Compare(b.Verdict, a.Verdict), strings.Compare(a.ID, b.ID), strings.Compare(a.What, b.What))
	})
}

// String returns the report for people: the verdict, its reasons, what users
// would notice, and what could not be seen.
func (r Report) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s (rehearsed in %s on a clone of %s made by %s)\n", r.Verdict, span(r.Took), size(r.Clone.Bytes), r.Clone.Way)
	for _, reason := range r.Reasons {
		when := ""
		if reason.Later {
			when = ", later"
		}
		fmt.Fprintf(&b, "  [%s%s] %s: %s (%s)\n", reason.Verdict, when, reason.What, reason.Why, reason.ID)
		for _, e := range reason.Evidence[:min(len(reason.Evidence), 3)] {
			fmt.Fprintf(&b, "      %s\n", e)
		}
	}
	r.writeSteps(&b)
	r.writeTables(&b)
	if p := r.Statements; p.Given > 0 {
		fmt.Fprintf(&b, "old code's statements: %d fit, %d do not, %d could not be judged\n", p.Proven, p.Broken, p.Unjudged)
	}
	for _, c := range r.Checks {
		word := "passed"
		if !c.Result.Passed {
			word = "FAILED"
		}
		fmt.Fprintf(&b, "%s code, %s: %s %s\n", c.Code, cmp.Or(c.After, "before"), c.Result.Name, word)
	}
	fmt.Fprintf(&b, "recorded by %s; not seen: %s\n", r.Recorder.By, strings.Join(r.Recorder.Blind, "; "))
	return b.String()
}

func (r Report) writeSteps(b *strings.Builder) {
	for _, s := range r.Steps {
		fmt.Fprintf(b, "%s: %d statements, took %s, on production about %s\n", s.Name, len(s.Statements), span(s.Took), span(s.Expected))
		if s.Error != "" {
			fmt.Fprintf(b, "  %s\n", s.Error)
		}
	}
}

func (r Report) writeTables(b *strings.Builder) {
	for _, t := range r.Tables {
		fmt.Fprintf(b, "  %s:", t.Name)
		if t.Lock != "" {
			fmt.Fprintf(b, " %s for %s, on production about %s", t.Lock, span(t.Held), span(t.Expected))
			if t.Blocks != "" {
				fmt.Fprintf(b, " (blocks %s)", t.Blocks)
			}
			b.WriteByte(';')
		}
		if t.Rewritten {
			fmt.Fprintf(b, " written anew, %s;", size(t.RewrittenBytes))
		}
		fmt.Fprintf(b, " rows +%d ~%d -%d\n", t.Inserted, t.Updated, t.Deleted)
	}
}

func span(ms int64) string {
	return (time.Duration(ms) * time.Millisecond).String()
}

// size writes bytes as people read them.
func size(bytes int64) string {
	const unit = 1024
	if bytes < unit {
		return fmt.Sprintf("%d B", bytes)
	}
	value, names := float64(bytes), "KMGTPE"
	i := -1
	for value >= unit && i < len(names)-1 {
		value /= unit
		i++
	}
	return fmt.Sprintf("%.1f %ciB", value, names[i])
}
