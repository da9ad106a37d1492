package cli

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime/debug"

	"cutover/internal/proxy"
	"cutover/internal/proxy/admin"
	"cutover/internal/traffic/embedded"

	"github.com/spf13/cobra"
)

func newProxyCommand(s *session) *cobra.Command {
	var takeover, background bool
	cmd := &cobra.Command{
		Use:   "proxy",
		Short: "Run the data plane, which carries the traffic",
		Long: "Runs the data plane. The controller starts it by itself where none runs, and it outlives the\n" +
			"controller: run it by hand only to have it supervised, for instance by systemd.\n\n" +
			"With --takeover it takes over from the one that runs: it gets that one's listeners, table and accounts,\n" +
			"and no connection is refused or cut. The one before ends its requests, and its streams after their grace.",
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			l := s.layout()
			if err := l.make(); err != nil {
				return &exitError{ExitUsage, err}
			}
			if background {
				return s.replaceProxy(cmd.Context(), takeover)
			}
			collectRarely()
			err := proxy.Run(cmd.Context(), proxy.Options{
				StateDir: l.proxy(), Logger: slog.New(slog.NewTextHandler(s.errs, nil)), Version: Version, Takeover: takeover,
			})
			if err != nil {
				return &exitError{ExitUsage, err}
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&takeover, "takeover", false, "take over from the data plane that runs")
	cmd.Flags().BoolVar(&background, "background", false, "return once it serves; it logs to proxy.log in the state folder")
	return cmd
}

// replaceProxy starts a data plane in the background, with the environment of
// this command.
func (s *session) replaceProxy(ctx context.Context, takeover bool) error {
	l := s.layout()
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find this program: %w", err)
	}
	p := newProxyProcess(l, self)
	h, err := p.Client.Health(ctx)
	if takeover && err == nil {
		h, err = p.Replace(ctx, "--takeover")
	} else {
		h, err = p.Ensure(ctx)
	}
	switch {
	case err != nil:
		return &exitError{ExitUsage, err}
	case s.json:
		s.print(h)
	default:
		fmt.Fprintf(s.out, "the data plane is process %d, version %s\n", h.PID, h.Version)
	}
	return nil
}

// newProxyProcess is the data plane of a state folder, run by a program.
func newProxyProcess(l layout, program string) *embedded.Process {
	return &embedded.Process{
		Command: []string{program, "proxy", "--state", string(l)},
		Client:  admin.NewClient(proxy.SocketIn(l.proxy())), LogPath: filepath.Join(l.proxy(), "proxy.log"),
	}
}

// collectRarely lets the heap grow to eight times what is live before it is
// collected. What is live in a data plane is a few megabytes, so a collection
// would come dozens of times a second under load. GOGC says otherwise.
func collectRarely() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(700)
	}
}
