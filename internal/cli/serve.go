package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"cutover/internal/api"

	"github.com/spf13/cobra"
)

func newServeCommand(s *session) *cobra.Command {
	var checkpoints []string
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run the controller in the foreground",
		Long: "Runs the controller: the engine and its API on a socket in the state folder. It may be stopped or\n" +
			"killed at any time: instances and the data plane go on, and the next controller takes up the work.",
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			logger := slog.New(slog.NewTextHandler(s.errs, nil))
			return Serve(cmd.Context(), ControlOptions{State: s.state, Logger: logger, Checkpoints: checkpoints})
		},
	}
	cmd.Flags().StringArrayVar(&checkpoints, "checkpoints", copyFolders(), checkpointsUsage)
	return cmd
}

// lockFile takes the state folder for one controller. The lock ends with the
// process, however that ends.
func lockFile(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR|syscall.O_CLOEXEC, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the lock: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		return nil, fmt.Errorf("a controller runs for %s already; use it, or give this one a folder of its own with --state", filepath.Dir(path))
	}
	return f, nil
}

// Serve runs a controller until ctx ends. It is an error if one runs for the
// same state folder already.
func Serve(ctx context.Context, o ControlOptions) error {
	l := layout(o.State)
	if err := l.make(); err != nil {
		return &exitError{ExitUsage, err}
	}
	lock, err := lockFile(l.lock())
	if err != nil {
		return &exitError{ExitUsage, err}
	}
	defer lock.Close()
	c, err := openControl(ctx, o)
	if err != nil {
		return &exitError{ExitUsage, err}
	}
	defer c.close()
	listener, err := api.Listen(l.socket(), o.Logger)
	if err != nil {
		return &exitError{ExitUsage, err}
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var wg sync.WaitGroup
	var apiErr, engineErr error
	wg.Go(func() {
		defer cancel()
		apiErr = c.server(Version, time.Now()).Serve(ctx, listener)
	})
	wg.Go(func() { c.superviseProxy(ctx) })
	wg.Go(func() { c.writer().Run(ctx) })
	engineErr = c.engine.Run(ctx)
	cancel()
	wg.Wait()
	if err := errors.Join(engineErr, apiErr); err != nil && !errors.Is(err, context.Canceled) {
		return &exitError{ExitUsage, fmt.Errorf("run the controller: %w", err)}
	}
	return nil
}
