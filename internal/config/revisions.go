package config

import (
	"fmt"
	"slices"
	"strings"
)

// validateRevisions reports revisions that do not lead from one end of the
// migration to the other, and commands that ask for revisions nobody lists.
func (n *Native) validateRevisions(tell report) {
	for path, c := range map[string]Command{"upgrade": n.Upgrade, "downgrade": n.Downgrade} {
		args, err := c.args(false)
		if !c.given() || err != nil {
			continue
		}
		named := strings.Contains(strings.Join(args, " "), "{{revision}}")
		if named && len(n.Revisions) == 0 {
			tell(path, "it names {{revision}}, and there are no revisions", "list them: revisions: [...]; or write the revision itself")
		}
	}
	if head, _ := n.Head.args(false); strings.Contains(strings.Join(head, " "), "{{revision}}") {
		tell("head", "it asks where the database is, whatever the revision", "remove {{revision}}")
	}
	for i, revision := range n.Revisions {
		at := element("revisions", i)
		switch {
		case strings.TrimSpace(string(revision)) == "":
			tell(at, "a revision has no name", "write it, or remove the entry")
		case revision == n.From:
			tell(at, fmt.Sprintf("the database is at %q already", printable(string(revision))), "begin with the one after it")
		case slices.Index(n.Revisions, revision) < i:
			tell(at, fmt.Sprintf("%q is there twice", printable(string(revision))), "remove one of the two")
		}
	}
	if last := len(n.Revisions) - 1; last >= 0 && n.Revisions[last] != n.To {
		tell("revisions", fmt.Sprintf("they end at %q, and to is %q", printable(string(n.Revisions[last])), printable(string(n.To))), "make both the same")
	}
}
