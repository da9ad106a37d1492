package schema_test

import (
	"testing"

	"cutover/internal/schema"
)

func TestOnlyMentionsOfTheColumnAreRewritten(t *testing.T) {
	t.Parallel()
	for expr, want := range map[string]string{
		`length(name) > 3`:                         `length("n2") > 3`,
		`Name || 'name' || "name" || "Name"`:       `"n2" || 'name' || "n2" || "Name"`,
		`name(1) -- name` + "\n" + ` names name_2`: `name(1) -- name` + "\n" + ` names name_2`,
		`$$name$$ || t.name || 'it''s name'`:       `$$name$$ || t."n2" || 'it''s name'`,
		`'open`:                                    `'open`,
	} {
		if got := schema.Rewrite(expr, "name", "n2"); got != want {
			t.Errorf("%s became %s, want %s", expr, got, want)
		}
	}
}
