package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"syscall"
	"time"

	"cutover/internal/api"
	"cutover/internal/proxy"
	"cutover/internal/proxy/admin"
	"cutover/internal/release"

	"github.com/spf13/cobra"
)

func newDownCommand(s *session) *cobra.Command {
	var yes bool
	cmd := &cobra.Command{
		Use:   "down",
		Short: "Stop everything: controller, data plane and all instances",
		Long: "Stops what this state folder runs, in the order that loses least: the controller, the data plane\n" +
			"(requests in flight complete), then every instance. Users get nothing until `cutover serve`\n" +
			"or `cutover deploy` brings back what stood.",
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !yes {
				return usage("this takes every app of %s off the air; say --yes if that is meant", s.state)
			}
			if err := takeDown(cmd.Context(), s.state); err != nil {
				return err
			}
			if s.json {
				s.print(map[string]string{"down": s.state})
				return nil
			}
			fmt.Fprintln(s.out, "everything is stopped; `cutover serve` brings back what stood")
			return nil
		},
	}
	cmd.Flags().BoolVar(&yes, "yes", false, "yes, really")
	return cmd
}

// takeDown stops all that runs for a state folder.
func takeDown(ctx context.Context, state string) error {
	l := layout(state)
	if _, err := os.Stat(state); errors.Is(err, os.ErrNotExist) {
		return usage("there is no state folder %s, so nothing runs for it; --state names another", state)
	}
	lock, err := endController(ctx, l)
	if err != nil {
		return err
	}
	defer lock.Close()
	if h, err := admin.NewClient(proxy.SocketIn(l.proxy())).Health(ctx); err == nil {
		// Those it took over from first: it hears what they did last.
		for _, pid := range append(h.Former, h.PID) {
			if err := endProcess(ctx, pid); err != nil {
				return fmt.Errorf("stop the data plane: %w", err)
			}
		}
	}
	return stopInstances(ctx, l)
}

// endController ends the controller, also one that is only just starting, and
// returns the lock that keeps another from starting meanwhile.
func endController(ctx context.Context, l layout) (*os.File, error) {
	limited, cancel := context.WithTimeout(ctx, endWithin)
	defer cancel()
	for {
		if info, err := api.NewClient(l.socket()).Info(limited); err == nil {
			if err := endProcess(ctx, info.PID); err != nil {
				return nil, fmt.Errorf("stop the controller: %w", err)
			}
		}
		f, err := lockFile(l.lock())
		if err == nil {
			return f, nil
		}
		select {
		case <-limited.Done():
			return nil, fmt.Errorf("stop the controller, which does not answer: %w", err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// endWithin bounds how long a process may take to end after TERM.
const endWithin = 45 * time.Second

func endProcess(ctx context.Context, pid int) error {
	started := startTime(pid)
	if pid <= 0 || started == "" {
		return nil
	}
	if err := syscall.Kill(pid, syscall.SIGTERM); err != nil && !errors.Is(err, syscall.ESRCH) {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, endWithin)
	defer cancel()
	for startTime(pid) == started {
		select {
		case <-ctx.Done():
			return fmt.Errorf("process %d does not end: %w", pid, ctx.Err())
		case <-time.After(20 * time.Millisecond):
		}
	}
	return nil
}

// runner is a platform as far as taking it down needs it.
type runner interface {
	Apps() ([]string, error)
	Fence(app string) (uint64, error)
	Observe(ctx context.Context, app string) ([]release.Instance, error)
	Stop(ctx context.Context, order release.StopOrder) error
}

// stopInstances stops every instance of every app.
func stopInstances(ctx context.Context, l layout) error {
	silent := slog.New(slog.DiscardHandler)
	processes, err := openProcesses(l, nil, silent)
	if err != nil {
		return err
	}
	containers, err := openContainers(l, nil, silent)
	if err != nil {
		return err
	}
	services, err := openServices(l, nil, silent)
	if err != nil {
		return err
	}
	commands, err := openCommands(l, processes, silent)
	if err != nil {
		return err
	}
	var errs []error
	// Addresses have nothing that could be stopped.
	for _, p := range []runner{processes, containers, services, commands} {
		apps, err := p.Apps()
		errs = append(errs, err)
		for _, app := range apps {
			errs = append(errs, stopApp(ctx, p, app))
		}
	}
	return errors.Join(append(errs, containers.Close(), services.Close())...)
}

func stopApp(ctx context.Context, p runner, app string) error {
	fence, err := p.Fence(app)
	if err != nil {
		return err
	}
	list, err := p.Observe(ctx, app)
	if err != nil {
		return err
	}
	order := release.StopOrder{Stamp: release.Stamp{App: app, Key: "down", Fence: fence}}
	for _, i := range list {
		order.Instances = append(order.Instances, i.ID)
	}
	// What ran before cutover knew of it could not be brought back: it runs on.
	order.Leave = true
	return p.Stop(ctx, order)
}
