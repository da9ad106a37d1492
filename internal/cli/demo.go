package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"cutover/internal/demo"
	"cutover/internal/demo/sample"
	"cutover/internal/release"

	"github.com/spf13/cobra"
)

func newDemoCommand(s *session) *cobra.Command {
	var hold bool
	var rate float64
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "See it work: a real app under load, killed, spoilt and taken back",
		Long: "Runs a small shop on this machine, with users, through three releases: a canary whose control plane\n" +
			"is killed midway, a bad version that is taken back by itself, and a good one that is rolled back from\n" +
			"standby. Needs nothing but this program and ends within a minute. Exit code 1 if a request was lost.",
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if rate < 50 || rate > 2000 {
				return usage("--rate is 50 to 2000 requests a second, not %g", rate)
			}
			return s.playDemo(cmd.Context(), rate, hold)
		},
	}
	cmd.Flags().BoolVar(&hold, "hold", false, "keep everything running at the end, to explore")
	cmd.Flags().Float64Var(&rate, "rate", 300, "requests a second")
	cmd.AddCommand(&cobra.Command{Use: "shop", Hidden: true, Args: noArgs, RunE: func(*cobra.Command, []string) error { return runShop() }})
	return cmd
}

func (s *session) playDemo(ctx context.Context, rate float64, hold bool) error {
	exe, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find this program: %w", err)
	}
	dir, err := shortFolder()
	if err != nil {
		return err
	}
	l := layout(dir + "/state")
	o := demo.Options{
		Executable: exe, Dir: dir, Rate: rate, Hold: hold,
		Front: func(ctx context.Context, app string) (release.Traffic, error) {
			return newRouter(l, nil).Observe(ctx, app)
		},
		Down: func(ctx context.Context) error { return takeDown(ctx, string(l)) },
	}
	if !s.json {
		o.Out = s.out
	}
	result, err := demo.Run(ctx, o)
	if ctx.Err() != nil && !result.OK {
		return failed("the demo was stopped; so is everything it had started (%w)", errors.Join(context.Cause(ctx), os.RemoveAll(dir)))
	}
	if err != nil {
		return failed("the demo went wrong: %w; what it left is in %s", err, dir)
	}
	if err := os.RemoveAll(dir); err != nil {
		return fmt.Errorf("remove the demo's folder: %w", err)
	}
	switch {
	case s.json:
		s.print(result)
	case !hold:
		result.Summary(s.out)
	}
	if !result.OK {
		return silent(ExitFailed)
	}
	return nil
}

// shortFolder makes a folder of the demo's own whose path leaves room for the
// sockets below it.
func shortFolder() (string, error) {
	parent := os.TempDir()
	if len(parent) > 60 {
		parent = "/tmp"
	}
	dir, err := os.MkdirTemp(parent, "cutover-demo-")
	if err != nil {
		return "", fmt.Errorf("make the demo's folder: %w", err)
	}
	return dir, nil
}

// runShop is the sample app, told by its environment what to be.
func runShop() error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	o, err := sample.FromEnv(shopEnv)
	if err != nil {
		return &exitError{ExitUsage, err}
	}
	if err := sample.Run(ctx, o); err != nil && !errors.Is(err, context.Canceled) {
		return fmt.Errorf("run the shop: %w", err)
	}
	return nil
}

// shopEnv gives the shop what every instance of cutover is told: its port and
// its version.
func shopEnv(name string) string {
	switch v := os.Getenv(name); {
	case v != "":
		return v
	case name == "SAMPLE_ADDR" && os.Getenv("PORT") != "":
		return "127.0.0.1:" + os.Getenv("PORT")
	case name == "SAMPLE_VERSION":
		return os.Getenv("CUTOVER_VERSION")
	case name == "SAMPLE_INSTANCE":
		return os.Getenv("CUTOVER_INSTANCE")
	}
	return ""
}
