package cli

import (
	"context"
	"errors"
	"fmt"
	"os"

	"cutover/internal/audit"
	"cutover/internal/store"
	"cutover/internal/store/sqlite"

	"github.com/spf13/cobra"
)

func newAuditCommand(s *session) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "audit",
		Short: "Prove that the journal is whole",
		Args:  noArgs,
		RunE:  func(cmd *cobra.Command, args []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newAuditVerifyCommand(s))
	return cmd
}

func newAuditVerifyCommand(s *session) *cobra.Command {
	return &cobra.Command{
		Use:   "verify",
		Short: "Check every record's hash, the chain and the checkpoint",
		Long: "Reads the whole journal and checks that nothing was changed, removed or cut off. It only reads\n" +
			"and may run while a controller works. Exit code 1 and the first bad record if something is wrong.",
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			path := s.layout().journal()
			if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
				return usage("there is no journal at %s yet; --state names another folder", path)
			}
			report, err := audited(cmd.Context(), path)
			var corrupt *store.CorruptError
			if errors.As(err, &corrupt) {
				return failed("the journal is not whole: %w", err)
			}
			if err != nil {
				return &exitError{ExitUsage, err}
			}
			if s.json {
				s.print(report)
				return nil
			}
			s.printAudit(report)
			return nil
		},
	}
}

func audited(ctx context.Context, path string) (audit.Report, error) {
	j, err := sqlite.Open(ctx, path, sqlite.Options{ReadOnly: true})
	if err != nil {
		return audit.Report{}, err
	}
	defer j.Close()
	return j.Audit(ctx)
}

func (s *session) printAudit(r audit.Report) {
	if r.Head.Seq == 0 {
		fmt.Fprintln(s.out, "the journal is empty")
		return
	}
	fmt.Fprintf(s.out, "%s %d records from %s to %s, every hash and the chain hold\n", s.paint(s.out, green, "whole:"), r.Head.Seq,
		r.First.UTC().Format("2006-01-02 15:04:05 UTC"), r.Last.UTC().Format("2006-01-02 15:04:05 UTC"))
	fmt.Fprintf(s.out, "  head %s\n", r.Head.Hash)
	if r.Checkpoint == nil {
		fmt.Fprintln(s.out, "  there is no checkpoint: nothing shows whether later records once existed")
		return
	}
	fmt.Fprintf(s.out, "  the checkpoint vouches up to record %d\n", r.Checkpoint.Seq)
}
