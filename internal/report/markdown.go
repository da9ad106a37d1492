package report

import (
	"fmt"
	"strings"
)

// Markdown tells the report for a ticket: tables, and charts as text. Whatever
// it quotes is shown as it stands and makes no markup, link or mention.
func (r Report) Markdown() string {
	var b strings.Builder
	p := r.page()
	fmt.Fprintf(&b, "# %s\n", escaped(p.title))
	for _, s := range p.sections {
		fmt.Fprintf(&b, "\n## %s\n\n", escaped(s.title))
		for _, f := range s.facts {
			fmt.Fprintf(&b, "- **%s**: %s\n", escaped(f.name), escaped(f.value))
		}
		if len(s.charts) > 0 {
			w := &typist{width: 78, signs: blocks, paint: func(_, words string) string { return words }}
			for i, c := range s.charts {
				if i > 0 {
					w.b.WriteString("\n")
				}
				w.chart(c)
			}
			fmt.Fprintf(&b, "```text\n%s```\n", strings.ReplaceAll(w.b.String(), "`", "'"))
		}
		for i, t := range s.tables {
			if i > 0 || len(s.facts) > 0 {
				b.WriteString("\n")
			}
			t.markdown(&b)
		}
		if s.note != "" {
			fmt.Fprintf(&b, "\n*%s*\n", escaped(s.note))
		}
	}
	return b.String()
}

func (t table) markdown(b *strings.Builder) {
	row := func(cells []string) {
		for _, c := range cells {
			b.WriteString("| " + escaped(c) + " ")
		}
		b.WriteString("|\n")
	}
	row(t.head)
	b.WriteString(strings.Repeat("|---", len(t.head)) + "|\n")
	for _, cells := range t.rows {
		row(cells)
	}
	if t.left > 0 {
		fmt.Fprintf(b, "\nand %s more\n", number(float64(t.left)))
	}
}

// markup are the characters that mean something in Markdown or HTML, and the one
// that calls people. As entities they mean nothing in either.
var markup = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "@", "&#64;", "|", "&#124;", "`", "&#96;", "*", "&#42;", "_", "&#95;",
	"[", "&#91;", "]", "&#93;", "#", "&#35;", "~", "&#126;", "\\", "&#92;", "://", "&#58;//", "$", "&#36;")

func escaped(text string) string { return markup.Replace(text) }
