package rehearsal

import (
	"slices"
	"strings"

	"cutover/internal/schema/postgres/catalogue"
)

// What the engine of declarative changes puts beside the app's own objects
// while two versions share a database.
const (
	ownSchema  = "cutover"
	ownTrigger = "zz_cutover"
	ownNotNull = "cutover_not_null"
)

// withoutOwn returns the catalogue without what the engine of declarative
// changes keeps for itself: its records, the triggers that give what old code
// writes its new shape too, and the NOT NULL which these triggers fulfil. Old
// code neither uses nor feels them.
func withoutOwn(c catalogue.Catalogue) catalogue.Catalogue {
	c.Tables = slices.DeleteFunc(c.Tables, func(t catalogue.Table) bool { return t.Schema == ownSchema })
	c.Objects = slices.DeleteFunc(c.Objects, func(o catalogue.Object) bool {
		return strings.HasPrefix(o.Name, ownSchema+".") || o.Kind == "schema" && o.Name == ownSchema
	})
	for i := range c.Tables {
		t := &c.Tables[i]
		t.Triggers = slices.DeleteFunc(t.Triggers, func(g catalogue.Trigger) bool { return strings.HasPrefix(g.Name, ownTrigger) })
		t.Constraints = slices.DeleteFunc(t.Constraints, func(k catalogue.Constraint) bool { return strings.HasPrefix(k.Name, ownNotNull) })
	}
	return c
}
