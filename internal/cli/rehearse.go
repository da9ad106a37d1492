package cli

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"

	"cutover/internal/api"
	"cutover/internal/backup"
	"cutover/internal/rehearsal"
	"cutover/internal/schema/driver"
	"cutover/internal/snapshot"

	"github.com/spf13/cobra"
)

func newRehearseCommand(s *session) *cobra.Command {
	var files fileFlags
	var ask api.Rehearse
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "rehearse",
		Short: "Try the schema change of a release on a clone of its database",
		Long: "Clones the app's database beside it, on the same server, runs the release's schema change on the clone\n" +
			"as the release would, and says what it locks, rewrites and takes away, whether the statements of the\n" +
			"code that serves still work, and how long it may take. The clone is gone afterwards, and the database\n" +
			"in use is only read. The report is kept in the state folder.\n\n" +
			"Native migrations run with the new version's environment; the variables whose value is the database's\n" +
			"address lead to the clone.\n\n" +
			"Exit codes: 0 compatible, 1 destructive, or it does not run, 3 needs care: somebody has to look.",
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s.json = s.json || asJSON
			report, kept, err := s.rehearse(cmd.Context(), &files, ask)
			if err != nil {
				return err
			}
			if s.json {
				s.print(report)
			} else {
				fmt.Fprintf(s.out, "%skept as %s\n", report, kept)
			}
			return silent(codeOfVerdict(report.Verdict))
		},
	}
	files.bind(cmd)
	cmd.Flags().StringVar(&ask.Statements, "statements", "", "a log of the server (.csv, .json, .log) or a file of SQL with what the serving code asks; without it pg_stat_statements is read")
	cmd.Flags().StringVar(&ask.Backup, "from-backup", "", "clone this backup of the app instead of the database as it is")
	cmd.Flags().BoolVar(&asJSON, "json", false, "the report as JSON, as -o json")
	return cmd
}

func codeOfVerdict(v rehearsal.Verdict) int {
	switch v {
	case rehearsal.Compatible:
		return ExitDone
	case rehearsal.NeedsCare:
		return ExitWaiting
	}
	return ExitFailed
}

// rehearse has the controller rehearse the release in the files, or does it in
// this process where none runs. It returns where the report is kept.
func (s *session) rehearse(ctx context.Context, files *fileFlags, ask api.Rehearse) (report rehearsal.Report, kept string, err error) {
	b, err := files.load(ctx)
	if err != nil {
		return report, "", err
	}
	r, err := b.Release(files.name)
	if err != nil {
		return report, "", &exitError{ExitUsage, err}
	}
	if r.Spec.Schema == nil {
		return report, "", usage("release %s does not change the schema of a database: there is nothing to rehearse", r.Metadata.Name)
	}
	kept = rehearsals{path: s.layout().rehearsals()}.file(r.Metadata.App, r.Metadata.Name)
	where, err := files.absolute()
	if err != nil {
		return report, "", err
	}
	ask.Files = where
	if ask.Statements != "" {
		if ask.Statements, err = filepath.Abs(ask.Statements); err != nil {
			return report, "", usage("--statements: %w", err)
		}
	}
	report, err = s.client().Rehearse(ctx, ask)
	if !isAbsent(err) {
		if err != nil {
			return report, "", reached(err)
		}
		return report, kept, nil
	}
	here, err := s.rehearsesHere()
	if err != nil {
		return report, "", err
	}
	standing, err := s.standing(ctx, r.Metadata.App)
	if err != nil {
		return report, "", err
	}
	snapshots, err := snapshot.New(s.layout().snapshots())
	if err != nil {
		return report, "", err
	}
	plan, err := b.Plan(ctx, files.name, standing.Running(), snapshots)
	if err != nil {
		return report, "", &exitError{ExitUsage, err}
	}
	report, err = here.of(ctx, plan, ask)
	return report, kept, err
}

// rehearsesHere puts together what rehearses in this process.
func (s *session) rehearsesHere() (rehearsals, error) {
	l := s.layout()
	if err := l.make(); err != nil {
		return rehearsals{}, &exitError{ExitUsage, err}
	}
	files, err := snapshot.New(l.snapshots())
	if err != nil {
		return rehearsals{}, err
	}
	platform, err := openProcesses(l, files, slog.New(slog.DiscardHandler))
	if err != nil {
		return rehearsals{}, err
	}
	out := rehearsals{schema: &driver.Driver{Files: files, Errand: errands(platform)}, backups: backup.Keeper{Path: l.backups()}, path: l.rehearsals(), snapshots: files}
	if !s.json {
		out.hear = func(what string) { fmt.Fprintln(s.errs, what) }
	}
	return out, nil
}
