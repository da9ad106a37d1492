package cli

import (
	"fmt"

	"cutover/internal/api"

	"github.com/spf13/cobra"
)

func newBackupCommand(s *session) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "backup",
		Short: "The backups that releases took, and whether they can be restored",
		Args:  noArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newBackupListCommand(s), newBackupVerifyCommand(s))
	return cmd
}

func newBackupListCommand(s *session) *cobra.Command {
	return &cobra.Command{
		Use:   "list [APP]",
		Short: "The backups of an app, the newest first",
		Args:  atMostOne,
		RunE: func(cmd *cobra.Command, args []string) error {
			app, err := s.anApp(cmd, args)
			if err != nil {
				return err
			}
			list, err := s.client().Backups(cmd.Context(), app)
			if err != nil {
				return reached(err)
			}
			if s.json {
				s.print(list)
				return nil
			}
			if len(list) == 0 {
				fmt.Fprintf(s.out, "%s has no backup; a release takes one with backup: {before: expand}\n", app)
				return nil
			}
			t := &table{}
			t.row("BACKUP", "TAKEN", "ROWS", "SIZE", "FOR", "PROVEN", "")
			for _, b := range list {
				t.row(b.Name, b.Began.UTC().Format("2006-01-02 15:04 UTC"), fmt.Sprint(b.Rows), size(b.Bytes), dash(b.For), provenAt(b), needed(b))
			}
			t.write(s.out)
			return nil
		},
	}
}

func newBackupVerifyCommand(s *session) *cobra.Command {
	var app string
	cmd := &cobra.Command{
		Use:   "verify [BACKUP]",
		Short: "Restore a backup beside the database, compare every table, and drop it again",
		Long: "Restores a backup, the newest if none is named, into a scratch database on the app's server,\n" +
			"compares rows and checksums of every table with what was saved, and drops the scratch database.",
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			var of []string
			if app != "" {
				of = []string{app}
			}
			app, err := s.anApp(cmd, of)
			if err != nil {
				return err
			}
			list, err := s.client().Backups(cmd.Context(), app)
			if err != nil {
				return reached(err)
			}
			if len(list) == 0 {
				return usage("%s has no backup yet", app)
			}
			name := list[0].Name
			if len(args) == 1 {
				name = args[0]
			}
			b, err := s.client().VerifyBackup(cmd.Context(), app, name)
			if err != nil {
				return reached(err)
			}
			if s.json {
				s.print(b)
				return nil
			}
			fmt.Fprintf(s.out, "%s: %d rows came back as they were saved, %s\n", s.paint(s.out, green, b.Name), b.Rows, size(b.Bytes))
			return nil
		},
	}
	cmd.Flags().StringVar(&app, "app", "", "the app it belongs to; not needed where there is one app")
	return cmd
}

// anApp returns the app that is named, or the only one there is.
func (s *session) anApp(cmd *cobra.Command, args []string) (string, error) {
	if len(args) == 1 {
		return args[0], nil
	}
	apps, err := s.client().Apps(cmd.Context())
	switch {
	case err != nil:
		return "", reached(err)
	case len(apps) == 1:
		return apps[0].App, nil
	case len(apps) == 0:
		return "", usage("there is no app yet; `cutover deploy -f FILE` begins one")
	}
	return "", usage("there are %d apps; name one (`cutover status` lists them)", len(apps))
}

func provenAt(b api.Backup) string {
	if b.Verified.IsZero() {
		return "not yet"
	}
	return b.Verified.UTC().Format("2006-01-02 15:04 UTC")
}

func needed(b api.Backup) string {
	if b.Needed {
		return "a release may need it"
	}
	return ""
}

// size says a number of bytes in the unit people use.
func size(n int64) string {
	const units = "kMGTP"
	if n < 1000 {
		return fmt.Sprintf("%d B", n)
	}
	f := float64(n) / 1000
	i := 0
	for ; f >= 1000 && i < len(units)-1; i++ {
		f /= 1000
	}
	return fmt.Sprintf("%.1f %cB", f, units[i])
}
