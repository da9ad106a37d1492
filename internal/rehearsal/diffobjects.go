package rehearsal

import (
	"fmt"
	"slices"
	"strings"

	"cutover/internal/schema/postgres/catalogue"
)

// ours begins the names of triggers that a declarative change makes.
const ours = "zz_cutover_"

// constraints is about what rows must obey now.
func (c *comparison) constraints(b, a catalogue.Table) {
	for _, k := range a.Constraints {
		if slices.ContainsFunc(b.Constraints, func(o catalogue.Constraint) bool { return o.OID == k.OID }) || harmless(k, b, a) {
			continue
		}
		i := slices.IndexFunc(b.Constraints, func(o catalogue.Constraint) bool { return o.Name == k.Name })
		if i >= 0 && b.Constraints[i].Definition == k.Definition {
			continue
		}
		what := fmt.Sprintf("%s has the new constraint %s: %s", b, k.Name, k.Definition)
		if i >= 0 {
			what = fmt.Sprintf("%s has another constraint %s: %s instead of %s", b, k.Name, k.Definition, b.Constraints[i].Definition)
		}
		c.say(NeedsCare, strings.ReplaceAll(k.Kind, " ", "-")+"-added", what, "old code fails where it writes what does not obey it; add it at contract, or make sure that old code does")
	}
	for _, k := range b.Constraints {
		if k.Kind == "foreign key" && k.References != 0 {
			continue
		}
		if k.Kind != "check" && !slices.ContainsFunc(a.Constraints, func(o catalogue.Constraint) bool { return o.Kind == k.Kind && slices.Equal(o.Columns, k.Columns) }) {
			c.ununique(b, fmt.Sprintf("the %s constraint %s of %s is gone", k.Kind, k.Name, b))
		}
	}
}

// harmless reports whether a constraint is only about columns that old code
// does not know and leaves NULL, or says no more than NOT NULL does.
func harmless(k catalogue.Constraint, b, a catalogue.Table) bool {
	fresh := len(k.Columns) > 0
	for _, name := range k.Columns {
		i := slices.IndexFunc(a.Columns, func(o catalogue.Column) bool { return o.Name == name })
		if i < 0 {
			return false
		}
		_, old := b.Column(a.Columns[i].Number)
		fresh = fresh && !old && a.Columns[i].Default == "" && !a.Columns[i].NotNull
	}
	return fresh && k.Kind != "primary key" && !strings.Contains(k.Definition, "IS NOT NULL") && !strings.Contains(k.Definition, "NULLS NOT DISTINCT")
}

// indexes is about unique indexes, which work like constraints.
func (c *comparison) indexes(b, a catalogue.Table) {
	backed := func(t catalogue.Table, i catalogue.Index) bool {
		return slices.ContainsFunc(t.Constraints, func(k catalogue.Constraint) bool { return k.Name == i.Name })
	}
	for _, i := range a.Indexes {
		if !i.Unique || backed(a, i) || slices.ContainsFunc(b.Indexes, func(o catalogue.Index) bool { return o.Unique && (o.OID == i.OID || o.Definition == i.Definition) }) {
			continue
		}
		c.say(NeedsCare, "unique-added", fmt.Sprintf("%s has the new unique index %s: %s", b, i.Name, i.Definition), "old code fails where it writes a value twice; add it at contract, or make sure that old code does not")
	}
	for _, i := range b.Indexes {
		if !i.Unique || backed(b, i) || slices.ContainsFunc(a.Indexes, func(o catalogue.Index) bool { return o.Unique && (o.OID == i.OID || o.Definition == i.Definition) }) {
			continue
		}
		c.ununique(b, fmt.Sprintf("the unique index %s of %s is gone", i.Name, b))
	}
}

// ununique is about values that may come twice now.
func (c *comparison) ununique(t catalogue.Table, what string) {
	if slices.ContainsFunc(c.reasons, func(r Reason) bool { return r.What == what }) {
		return
	}
	var evidence []string
	for _, w := range c.into(t) {
		if w.conflict {
			evidence = append(evidence, w.text)
		}
	}
	c.say(NeedsCare, "unique-dropped", what, "old code that relies on it writes values twice, and ON CONFLICT on its columns fails", evidence...)
}

// behaviour is about what happens beside what a statement says.
func (c *comparison) behaviour(b, a catalogue.Table) {
	if !b.Secured && a.Secured {
		c.say(NeedsCare, "row-security", b.String()+" has row level security now", "old code may not see or write the rows it did")
	}
	for _, t := range a.Triggers {
		if strings.HasPrefix(t.Name, ours) || slices.Contains(b.Triggers, t) {
			continue
		}
		c.say(NeedsCare, "trigger-added", fmt.Sprintf("%s has the new or changed trigger %s", b, t.Name), "it runs on what old code writes too", t.Definition)
	}
	for _, t := range b.Triggers {
		if !slices.ContainsFunc(a.Triggers, func(o catalogue.Trigger) bool { return o.Name == t.Name }) {
			c.say(NeedsCare, "trigger-dropped", fmt.Sprintf("%s has the trigger %s no longer", b, t.Name), "what it did on the writes of old code is not done any more", t.Definition)
		}
	}
}

// objects is about functions, sequences and schemas.
func (c *comparison) objects() {
	for _, o := range c.before.Objects {
		if !slices.ContainsFunc(c.after.Objects, func(n catalogue.Object) bool { return n.Kind == o.Kind && n.Name == o.Name }) {
			c.say(Destructive, "dropped-"+o.Kind, o.Kind+" "+o.Name+" is gone", "old code that uses it fails; drop it at contract")
		}
	}
}

func (c *comparison) enums() {
	for _, b := range c.before.Enums {
		i := slices.IndexFunc(c.after.Enums, func(a catalogue.Enum) bool { return a.OID == b.OID || a.Name == b.Name })
		if i < 0 {
			c.say(NeedsCare, "dropped-enum", "enumeration "+b.Name+" is gone", "old code that casts to it fails")
			continue
		}
		a := c.after.Enums[i]
		for _, v := range b.Values {
			if slices.ContainsFunc(a.Values, func(n catalogue.EnumValue) bool { return n.Name == v.Name }) {
				continue
			}
			c.say(Destructive, "enum-value-gone", fmt.Sprintf("enumeration %s has the value %q no longer", b.Name, v.Name), "old code that writes it or compares with it fails; keep it until contract")
		}
		for _, v := range a.Values {
			if !slices.ContainsFunc(b.Values, func(n catalogue.EnumValue) bool { return n.Name == v.Name }) {
				c.say(NeedsCare, "enum-value-added", fmt.Sprintf("enumeration %s has the new value %q", b.Name, v.Name), "old code may read it and not know it")
			}
		}
	}
}

func (c *comparison) domains() {
	for _, b := range c.before.Domains {
		i := slices.IndexFunc(c.after.Domains, func(a catalogue.Domain) bool { return a.OID == b.OID || a.Name == b.Name })
		if i < 0 {
			c.say(NeedsCare, "dropped-domain", "domain "+b.Name+" is gone", "old code that casts to it fails")
		} else if a := c.after.Domains[i]; a.Constraints != b.Constraints && a.Constraints != "" {
			c.say(NeedsCare, "domain-changed", fmt.Sprintf("domain %s demands %q instead of %q", b.Name, a.Constraints, b.Constraints), "old code fails where it writes what does not obey it")
		}
	}
}
