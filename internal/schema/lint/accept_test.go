package lint_test

import (
	"encoding/json"
	"strings"
	"testing"

	"cutover/internal/schema/lint"
)

func TestAcceptedFindingsStayVisibleAndAreNotOpen(t *testing.T) {
	t.Parallel()
	found := lint.Lint("ALTER TABLE users DROP COLUMN nick; ALTER TABLE users DROP COLUMN age;", quiet)
	got, err := lint.Apply(found, []lint.Accept{{ID: "ban-drop-column", Reason: " unused since 3.1 "}})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range got {
		if f.ID == "ban-drop-column" && (f.Open() || f.Accepted != "unused since 3.1") {
			t.Errorf("accepted, yet %+v", f)
		}
	}
	for _, f := range found {
		if f.Accepted != "" {
			t.Errorf("what was given has been changed: %+v", f)
		}
	}
}

func TestAcceptancesThatHideSomethingAreRefused(t *testing.T) {
	t.Parallel()
	found := lint.Lint("ALTER TABLE users DROP COLUMN nick;", quiet)
	for want, list := range map[string][]lint.Accept{
		"no rule has that id":        {{ID: "ban-everything", Reason: "x"}},
		"say in its reason":          {{ID: "ban-drop-column", Reason: " "}},
		"nothing of that kind":       {{ID: "ban-drop-table", Reason: "x"}},
		"in the list twice":          {{ID: "ban-drop-column", Reason: "x"}, {ID: "ban-drop-column", Reason: "y"}},
		"mend the text":              {{ID: "unreadable", Reason: "x"}},
		"remove it from the list":    {{ID: "ban-drop-column", Reason: "x"}, {ID: "wide-index", Reason: "x"}},
		`accept "": no rule has tha`: {{Reason: "x"}},
	} {
		if _, err := lint.Apply(found, list); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Apply(%v): %v; want it to say %q", list, err, want)
		}
	}
}

func TestASeverityIsReadAsItIsWritten(t *testing.T) {
	t.Parallel()
	for _, s := range []lint.Severity{lint.Note, lint.Care, lint.Danger} {
		data, err := json.Marshal(s)
		var back lint.Severity
		if err != nil || json.Unmarshal(data, &back) != nil || back != s {
			t.Errorf("%s became %s and then %s: %v", s, data, back, err)
		}
	}
	var s lint.Severity
	for _, word := range []string{`""`, `"fatal"`} {
		if err := json.Unmarshal([]byte(word), &s); err == nil {
			t.Errorf("%s was read as %s", word, s)
		}
	}
}
