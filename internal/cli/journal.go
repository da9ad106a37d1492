package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"cutover/internal/store"
	"cutover/internal/store/sqlite"

	"github.com/spf13/cobra"
)

func newJournalCommand(s *session) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "journal",
		Short: "Back up the journal, and put a backup in its place",
		Args:  noArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newJournalBackupCommand(s), newJournalRestoreCommand(s), newJournalAcceptCommand(s))
	return cmd
}

func newJournalBackupCommand(s *session) *cobra.Command {
	return &cobra.Command{
		Use:   "backup FILE",
		Short: "Write the journal as it is now to a new file, while the controller works",
		Long: "Writes the journal, as it is in one instant, to a file that only its owner may read. The file appears\n" +
			"once it is complete and every record in it was verified; a file that exists is never replaced.",
		Args: oneFile,
		RunE: func(cmd *cobra.Command, args []string) error {
			head, err := backUpJournal(cmd.Context(), s.layout().journal(), args[0])
			if err != nil {
				return err
			}
			if s.json {
				s.print(map[string]any{"file": args[0], "head": head})
				return nil
			}
			fmt.Fprintf(s.out, "%s has records 1 to %d, verified\n  head %s\n", args[0], head.Seq, head.Hash)
			return nil
		},
	}
}

func oneFile(cmd *cobra.Command, args []string) error {
	if len(args) != 1 {
		return usage("%s takes the name of one file, but got %d", cmd.CommandPath(), len(args))
	}
	return nil
}

func backUpJournal(ctx context.Context, from, to string) (store.Head, error) {
	if _, err := os.Stat(from); errors.Is(err, os.ErrNotExist) {
		return store.Head{}, usage("there is no journal at %s yet; --state names another folder", from)
	}
	to, err := filepath.Abs(to)
	if err != nil {
		return store.Head{}, usage("back up the journal: %w", err)
	}
	j, err := sqlite.Open(ctx, from, sqlite.Options{ReadOnly: true})
	if err != nil {
		return store.Head{}, &exitError{ExitUsage, err}
	}
	defer j.Close()
	head, err := j.Backup(ctx, to)
	if err != nil {
		return head, &exitError{ExitUsage, err}
	}
	return head, nil
}

func newJournalRestoreCommand(s *session) *cobra.Command {
	p := putBack{}
	cmd := &cobra.Command{
		Use:   "restore FILE",
		Short: "Put a backup of the journal in its place, while no controller runs",
		Long: "Verifies the backup, says which records will be missing, and with --yes puts it in the place of the\n" +
			"present journal, which is kept aside. The next controller looks at everything and does nothing, for\n" +
			"every app, until a person has compared and said `cutover resume APP`.",
		Args: oneFile,
		RunE: func(cmd *cobra.Command, args []string) error {
			p.source, p.reason = args[0], "the journal was restored from a backup"
			return s.putBack(cmd.Context(), p)
		},
	}
	p.bind(cmd)
	return cmd
}

func newJournalAcceptCommand(s *session) *cobra.Command {
	p := putBack{}
	cmd := &cobra.Command{
		Use:   "accept",
		Short: "Go on knowingly with a journal whose end is lost",
		Long: "For a journal or a whole state folder that was put back to an older copy, which the controller refuses.\n" +
			"Says which records are missing; with --yes that is stated, signed, and the next controller takes the\n" +
			"journal as it is. It does nothing, for every app, until a person has said `cutover resume APP`.",
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			p.source, p.reason, p.accept = s.layout().journal(), "the loss of the journal's end was accepted", true
			return s.putBack(cmd.Context(), p)
		},
	}
	p.bind(cmd)
	return cmd
}

func (p *putBack) bind(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&p.yes, "yes", false, "yes, really")
	cmd.Flags().StringArrayVar(&p.folders, "checkpoints", copyFolders(), checkpointsUsage)
}
