package cli

import (
	"fmt"
	"slices"

	"cutover/internal/check"
	"cutover/internal/config"
	"cutover/internal/load/file"
	"cutover/internal/platform/docker/daemon"
	"cutover/internal/platform/docker/swarm"

	"github.com/spf13/cobra"
)

// loader reads files and has their checks judged by the package that will run
// them, and their images pinned by the daemon that will.
func loader() config.Loader {
	return config.Loader{Accept: check.Validate, AcceptSignal: acceptSignal, Loads: file.ForRelease, ResolveImage: daemon.Resolve, ResolveService: swarm.Resolve}
}

func newLintCommand(s *session) *cobra.Command {
	var files fileFlags
	var scripts []string
	var database string
	cmd := &cobra.Command{
		Use:   "lint",
		Short: "Find what is wrong or doubtful in the files, and in the SQL that a release runs",
		Long: "Finds what is wrong or doubtful in the files. The SQL of a release's schema change, and files of SQL named\n" +
			"with --sql, are judged by what each statement does to users: by the sizes in the database where that can\n" +
			"be reached within 5 s, else by the text alone. A finding of the SQL that is more than a note makes the\n" +
			"exit code 2, and is refused by deploy, until it is accepted: schema: {accept: [{id, reason}]}.",
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if database != "" && len(scripts) == 0 {
				return usage("--database is where the files of --sql would run; name these too, or leave it out")
			}
			j := sqlJudgement{Findings: []sqlFinding{}, Notes: []string{}}
			if err := j.judgeFiles(cmd.Context(), scripts, database); err != nil {
				return err
			}
			if len(scripts) > 0 && len(files.paths) == 0 {
				return s.linted(nil, 0, j)
			}
			b, err := files.load(cmd.Context())
			if list, ok := problems(err); ok && s.json {
				s.print(map[string]any{"problems": list, "findings": []config.Finding{}, "sql": j.Findings, "notes": j.Notes})
				return silent(ExitUsage)
			}
			if err != nil {
				return err
			}
			if err := j.judgeBundle(cmd.Context(), b, files.name); err != nil {
				return err
			}
			return s.linted(config.Lint(b), len(b.Apps)+len(b.Releases)+len(b.Policies), j)
		},
	}
	files.bind(cmd)
	cmd.Flags().StringArrayVar(&scripts, "sql", nil, "file of SQL to judge; may be repeated")
	cmd.Flags().StringVar(&database, "database", "", "where the SQL would run: env:NAME, file:/PATH or an address")
	return cmd
}

// linted prints what was found and returns the exit code for it.
func (s *session) linted(found []config.Finding, documents int, j sqlJudgement) error {
	switch {
	case s.json:
		s.print(map[string]any{"problems": config.Problems{}, "findings": append([]config.Finding{}, found...), "sql": j.Findings, "notes": j.Notes})
	case len(found) == 0 && len(j.Findings) > 0:
		s.printSQL(j)
	case documents == 0:
		s.printSQL(j)
		fmt.Fprintln(s.out, "nothing to complain of in the SQL")
	default:
		s.printSQL(j)
		s.printFindings(found, documents)
	}
	bad := slices.ContainsFunc(found, func(f config.Finding) bool { return f.Severity == config.Bad })
	if bad || len(open(j.Findings)) > 0 {
		return silent(ExitUsage)
	}
	return nil
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
