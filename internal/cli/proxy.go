package cli

import (
	"log/slog"

	"cutover/internal/proxy"

	"github.com/spf13/cobra"
)

func newProxyCommand(s *session) *cobra.Command {
	return &cobra.Command{
		Use:   "proxy",
		Short: "Run the data plane, which carries the traffic",
		Long: "Runs the data plane. The controller starts it by itself where none runs, and it outlives the\n" +
			"controller: run it by hand only to have it supervised, for instance by systemd.",
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			l := s.layout()
			if err := l.make(); err != nil {
				return &exitError{ExitUsage, err}
			}
			err := proxy.Run(cmd.Context(), proxy.Options{StateDir: l.proxy(), Logger: slog.New(slog.NewTextHandler(s.errs, nil)), Version: Version})
			if err != nil {
				return &exitError{ExitUsage, err}
			}
			return nil
		},
	}
}
