package lint_test

import (
	"flag"
	"os"
	"regexp"
	"slices"
	"testing"

	"cutover/internal/schema/lint"
)

var update = flag.Bool("update", false, "write docs/lint-rules.md anew")

func ids(findings []lint.Finding) []string {
	var list []string
	for _, f := range findings {
		list = append(list, f.ID)
	}
	return list
}

func TestEveryRuleFindsItsBadExampleAndNotItsGoodOne(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, r := range lint.Rules() {
		if seen[r.ID] || !regexp.MustCompile(`^[a-z]+(-[a-z]+)*$`).MatchString(r.ID) {
			t.Errorf("%q is no id, or not the only one", r.ID)
		}
		seen[r.ID] = true
		if r.Severity.String() == "" || r.Reason == "" || r.SafeWay == "" {
			t.Errorf("%s does not say what is bad and what to do instead", r.ID)
		}
		if found := ids(lint.Lint(r.Bad, r.Facts)); !slices.Contains(found, r.ID) {
			t.Errorf("%s finds nothing in its bad example, only %v", r.ID, found)
		}
		if found := lint.Lint(r.Good, r.Facts); slices.Contains(ids(found), r.ID) {
			t.Errorf("%s finds something in its good example: %+v", r.ID, found)
		}
	}
}

func TestTheListOfRulesIsUpToDate(t *testing.T) {
	t.Parallel()
	const path = "../../../docs/lint-rules.md"
	if *update {
		if err := os.WriteFile(path, []byte(lint.Document()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(have) != lint.Document() {
		t.Error("docs/lint-rules.md is behind the rules: run go test ./internal/schema/lint -update")
	}
}
