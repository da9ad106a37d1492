package lint

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Accept says that findings of one rule are known and wanted.
type Accept struct {
	ID     string `json:"id"`
	Reason string `json:"reason"`
}

// Apply returns the findings with those accepted marked by the reason. It
// refuses an id that no rule has, one given twice, an empty reason, one that
// matches no finding, as it would let the next one through unseen, and the
// acceptance of what cannot be read.
func Apply(findings []Finding, accepts []Accept) ([]Finding, error) {
	var errs []error
	out := slices.Clone(findings)
	for i, a := range accepts {
		if err := a.check(accepts[:i]); err != nil {
			errs = append(errs, err)
			continue
		}
		used := false
		for j := range out {
			if out[j].ID == a.ID {
				out[j].Accepted, used = strings.TrimSpace(a.Reason), true
			}
		}
		if !used {
			errs = append(errs, fmt.Errorf("accept %s: nothing of that kind was found: remove it from the list", a.ID))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return out, nil
}

func (a Accept) check(earlier []Accept) error {
	switch {
	case a.ID == unreadable.ID:
		return fmt.Errorf("accept %s: what cannot be read cannot be judged: mend the text", a.ID)
	case !slices.ContainsFunc(rules, func(r Rule) bool { return r.ID == a.ID }):
		return fmt.Errorf("accept %q: no rule has that id: see docs/lint-rules.md", a.ID)
	case strings.TrimSpace(a.Reason) == "":
		return fmt.Errorf("accept %s: say in its reason why it does no harm here", a.ID)
	case slices.ContainsFunc(earlier, func(e Accept) bool { return e.ID == a.ID }):
		return fmt.Errorf("accept %s: it is in the list twice: keep one", a.ID)
	}
	return nil
}
