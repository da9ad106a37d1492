package cli

import (
	"fmt"

	"cutover/internal/check"
	"cutover/internal/config"
	"cutover/internal/load/file"

	"github.com/spf13/cobra"
)

// loader reads files and has their checks judged by the package that will run
// them.
func loader() config.Loader {
	return config.Loader{Accept: check.Validate, AcceptSignal: acceptSignal, Loads: file.ForRelease}
}

func newLintCommand(s *session) *cobra.Command {
	var files fileFlags
	cmd := &cobra.Command{
		Use:   "lint",
		Short: "Find what is wrong or doubtful in the files",
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			b, err := files.load(cmd.Context())
			if list, ok := problems(err); ok && s.json {
				s.print(map[string]any{"problems": list, "findings": []config.Finding{}})
				return silent(ExitUsage)
			}
			if err != nil {
				return err
			}
			found := config.Lint(b)
			if s.json {
				s.print(map[string]any{"problems": config.Problems{}, "findings": append([]config.Finding{}, found...)})
			} else {
				s.printFindings(found, len(b.Apps)+len(b.Releases)+len(b.Policies))
			}
			for _, f := range found {
				if f.Severity == config.Bad {
					return silent(ExitUsage)
				}
			}
			return nil
		},
	}
	files.bind(cmd)
	return cmd
}

func (s *session) printFindings(found []config.Finding, documents int) {
	for _, f := range found {
		c := yellow
		if f.Severity == config.Bad {
			c = red
		}
		fmt.Fprintf(s.out, "%s: %s %s\n    %s [%s]\n", f.Place, s.paint(s.out, c, string(f.Severity)+":"), f.Reason, f.Cure, f.ID)
	}
	if len(found) == 0 {
		fmt.Fprintf(s.out, "%d documents, nothing to complain of\n", documents)
	}
}
