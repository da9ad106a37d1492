package rehearsal

import (
	"testing"

	"cutover/internal/schema/postgres/catalogue"
)

func TestWhatTheEngineOfChangesKeepsForItselfIsNoReason(t *testing.T) {
	t.Parallel()
	users := catalogue.Table{Schema: "public", Name: "users",
		Triggers:    []catalogue.Trigger{{Name: "zz_cutover_emails_0_insert"}, {Name: "audit"}},
		Constraints: []catalogue.Constraint{{Name: "cutover_not_null_email"}, {Name: "email_unique"}}}
	c := withoutOwn(catalogue.Catalogue{
		Tables:  []catalogue.Table{{Schema: "cutover", Name: "changes"}, users},
		Objects: []catalogue.Object{{Kind: "schema", Name: "cutover"}, {Kind: "function", Name: "cutover.fill()"}, {Kind: "function", Name: "public.cutover()"}},
	})
	if len(c.Tables) != 1 || len(c.Tables[0].Triggers) != 1 || c.Tables[0].Triggers[0].Name != "audit" ||
		len(c.Tables[0].Constraints) != 1 || c.Tables[0].Constraints[0].Name != "email_unique" {
		t.Errorf("the tables are %+v", c.Tables)
	}
	if len(c.Objects) != 1 || c.Objects[0].Name != "public.cutover()" {
		t.Errorf("the objects are %+v", c.Objects)
	}
}
