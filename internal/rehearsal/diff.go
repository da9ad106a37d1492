package rehearsal

import (
	"fmt"
	"slices"
	"strings"

	"cutover/internal/schema/postgres/catalogue"
)

// comparison holds two shapes of a database against each other, with the eyes
// of code that was written for the first.
type comparison struct {
	before, after catalogue.Catalogue
	// known says that statements of the old code are known; inserts are those
	// of them that insert.
	known   bool
	inserts []write
	reasons []Reason
}

// compare returns what old code would meet.
func compare(before, after catalogue.Catalogue, old []OldStatement) []Reason {
	c := &comparison{before: before, after: after, known: len(old) > 0, inserts: writes(old)}
	for _, t := range before.Tables {
		c.table(t)
	}
	c.objects()
	c.enums()
	c.domains()
	return c.reasons
}

func (c *comparison) say(v Verdict, id, what, why string, evidence ...string) {
	c.reasons = append(c.reasons, Reason{ID: id, Verdict: v, What: what, Why: why, Evidence: evidence})
}

// table compares one table with what has become of it.
func (c *comparison) table(b catalogue.Table) {
	a, there := c.after.Table(b.OID)
	if !there {
		c.gone(b)
		return
	}
	if a.String() != b.String() {
		c.renamed(b, a)
	}
	c.columns(b, a)
	c.additions(b, a)
	c.constraints(b, a)
	c.indexes(b, a)
	c.behaviour(b, a)
}

// gone is about a table that is not there any more, or was made anew.
func (c *comparison) gone(b catalogue.Table) {
	rows := fmt.Sprintf("it had about %d rows, %s", max(b.Rows, 0), size(b.Bytes))
	other, again := c.after.Named(b.String())
	if !again {
		id := "dropped-table"
		if !b.Stored() {
			id, rows = "dropped-view", ""
		}
		c.say(Destructive, id, b.Kind+" "+b.String()+" is gone", "old code that uses it fails; drop it at contract, when no version that knows it can come back", some(rows)...)
		return
	}
	if b.Stored() {
		c.say(Destructive, "dropped-table", "table "+b.String()+" was dropped and a "+other.Kind+" of that name made", "what was in it is gone unless it was copied; change the table as it is", rows)
	}
	c.byName(b, other)
}

// renamed is about a table with another name, which may still be reached by
// the old one through something else.
func (c *comparison) renamed(b, a catalogue.Table) {
	stand, there := c.after.Named(b.String())
	if there && covers(stand, b) {
		c.say(NeedsCare, "renamed-table", fmt.Sprintf("%s %s is now %s, and the %s of its old name has all its columns", b.Kind, b, a, stand.Kind),
			"whether old code can write through it is told by its statements and checks")
		return
	}
	c.say(Destructive, "renamed-table", fmt.Sprintf("%s %s is now %s", b.Kind, b, a), "old code that uses it fails; make a view of the new name, and rename at contract")
}

// covers reports whether a relation has all columns of another.
func covers(stand, b catalogue.Table) bool {
	for _, k := range b.Columns {
		if !slices.ContainsFunc(stand.Columns, func(o catalogue.Column) bool { return o.Name == k.Name }) {
			return false
		}
	}
	return true
}

// byName compares the columns of something that was made anew.
func (c *comparison) byName(b, a catalogue.Table) {
	for _, k := range b.Columns {
		i := slices.IndexFunc(a.Columns, func(o catalogue.Column) bool { return o.Name == k.Name })
		if i < 0 {
			c.say(Destructive, "dropped-column", fmt.Sprintf("column %s.%s is gone", b, k.Name), "old code that names it fails")
			continue
		}
		c.column(b, k, a.Columns[i])
	}
	if b.Definition != "" && a.Definition != b.Definition {
		c.say(NeedsCare, "changed-view", fmt.Sprintf("%s %s shows something else", b.Kind, b), "old code reads it as before, and may get other rows")
	}
}

func (c *comparison) columns(b, a catalogue.Table) {
	for _, k := range b.Columns {
		now, there := a.Column(k.Number)
		if !there {
			what := fmt.Sprintf("column %s.%s is gone", b, k.Name)
			if slices.ContainsFunc(a.Columns, func(o catalogue.Column) bool { return o.Name == k.Name }) {
				what = fmt.Sprintf("column %s.%s was dropped and made anew", b, k.Name)
			}
			c.say(Destructive, "dropped-column", what, "old code that names it fails, and its values cannot be brought back; drop it at contract", fmt.Sprintf("the table has about %d rows", max(b.Rows, 0)))
			continue
		}
		if now.Name != k.Name {
			c.say(Destructive, "renamed-column", fmt.Sprintf("column %s.%s is now %s", b, k.Name, now.Name), "old code asks for the old name and fails; add a column beside it, keep both in step, and drop the old one at contract")
		}
		c.column(b, k, now)
	}
	if b.Definition != "" && a.Definition != b.Definition {
		c.say(NeedsCare, "changed-view", fmt.Sprintf("%s %s shows something else", b.Kind, b), "old code reads it as before, and may get other rows")
	}
}

// column compares a column with what it is now.
func (c *comparison) column(t catalogue.Table, b, a catalogue.Column) {
	name := fmt.Sprintf("column %s.%s", t, b.Name)
	if b.Type != a.Type {
		id, verdict, why := retyped(b.Type, a.Type)
		c.say(verdict, id, fmt.Sprintf("%s was %s and is %s", name, b.Type, a.Type), why)
	}
	if !b.NotNull && a.NotNull {
		verdict, why, evidence := c.leftOut(t, b.Name, a)
		c.say(verdict, "column-not-null", name+" may not be null any more", why, evidence...)
	} else if b.Default != "" && a.Default == "" && !a.Generated && a.Identity == "" {
		verdict, why, evidence := NeedsCare, "old code that leaves it out writes NULL from now on", []string(nil)
		if a.NotNull {
			verdict, why, evidence = c.leftOut(t, b.Name, a)
		}
		c.say(verdict, "dropped-default", name+" has no default any more", why, evidence...)
	}
	if !b.Generated && a.Generated || b.Identity != "always" && a.Identity == "always" {
		c.say(Destructive, "column-generated", name+" is generated now", "old code that writes it fails")
	}
}

// leftOut says how bad it is that an INSERT which leaves the column out, or
// writes NULL, fails.
func (c *comparison) leftOut(t catalogue.Table, column string, a catalogue.Column) (Verdict, string, []string) {
	if !a.Required() {
		return NeedsCare, "old code that writes NULL into it fails", nil
	}
	for _, w := range c.into(t) {
		if w.columns != nil && !slices.Contains(w.columns, column) {
			return Destructive, "old code inserts rows without it and fails; give it a default, or set it not null at contract", []string{w.text}
		}
	}
	return NeedsCare, "old code that leaves it out, or writes NULL into it, fails; give it a default, or set it not null at contract", nil
}

// into returns the known INSERTs into a table.
func (c *comparison) into(t catalogue.Table) []write {
	var list []write
	for _, w := range c.inserts {
		if w.table == t.Name && (w.schema == "" || w.schema == t.Schema) {
			list = append(list, w)
		}
	}
	return list
}

// additions is about new columns that an old INSERT cannot fill.
func (c *comparison) additions(b, a catalogue.Table) {
	for _, k := range a.Columns {
		if _, old := b.Column(k.Number); old || !k.Required() || !b.Stored() {
			continue
		}
		what := fmt.Sprintf("the new column %s.%s is not null and has no default", b, k.Name)
		inserts := c.into(b)
		if c.known && len(inserts) == 0 {
			c.say(NeedsCare, "new-column-required", what, "old code was not seen to insert rows there; if it does, it fails")
			continue
		}
		var evidence []string
		for _, w := range inserts[:min(len(inserts), 3)] {
			evidence = append(evidence, w.text)
		}
		c.say(Destructive, "new-column-required", what, "old code that inserts rows does not know it and fails; give it a default, or set it not null at contract", evidence...)
	}
}

func some(texts ...string) []string {
	return slices.DeleteFunc(texts, func(s string) bool { return strings.TrimSpace(s) == "" })
}
