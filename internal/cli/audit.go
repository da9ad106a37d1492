package cli

import (
	"errors"
	"fmt"
	"os"

	"cutover/internal/audit"
	"cutover/internal/store"

	"github.com/spf13/cobra"
)

func newAuditCommand(s *session) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "audit",
		Short: "Prove that the journal is whole",
		Args:  noArgs,
		RunE:  func(cmd *cobra.Command, args []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newAuditVerifyCommand(s), newAuditKeyCommand(s))
	return cmd
}

func newAuditVerifyCommand(s *session) *cobra.Command {
	var v verification
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Check every record's hash, the chain and the checkpoints",
		Long: "Reads the whole journal and checks that nothing was changed, removed or cut off, and that it is the one\n" +
			"whose checkpoints were signed. It only reads and may run while a controller works. Exit code 1 and the\n" +
			"first bad record if something is wrong.",
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if v.journal == "" {
				v.journal = s.layout().journal()
			}
			if _, err := os.Stat(v.journal); errors.Is(err, os.ErrNotExist) {
				return usage("there is no journal at %s yet; --state names another folder", v.journal)
			}
			report, err := v.run(cmd.Context(), s.layout())
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
			s.printAudit(report.Report)
			for _, l := range report.Signed {
				fmt.Fprintf(s.out, "  %s: %d signed checkpoints match, up to record %d, signed %s\n", l.List, l.Checkpoints, l.Seq, l.At.UTC().Format("2006-01-02 15:04:05 UTC"))
			}
			return nil
		},
	}
	cmd.Flags().StringArrayVar(&v.lists, "checkpoints", nil, "file with signed checkpoints, such as a copy kept elsewhere; the state folder's own is always heeded")
	cmd.Flags().StringVar(&v.key, "key", "", "public key that --checkpoints were signed with, or a file with it; the state folder's own if left out")
	cmd.Flags().StringVar(&v.journal, "journal", "", "journal to verify, such as a backup, in place of the state folder's")
	return cmd
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
