package cli

import (
	"errors"
	"fmt"

	"cutover/internal/load"

	"github.com/spf13/cobra"
)

const aboutLoad = `Sends requests as users would, at a rate that does not wait for the answers or
as users who do, and says how the answers were. What is sent stands in a
scenario file (kind: Load, see docs/load.md); for one path, a URL is enough.

  cutover load http://127.0.0.1:8080/ --rate 100/s --for 30s
  cutover load -f dashboards.yaml --against http://127.0.0.1:8081 --threshold 'p99 < 1.2x'

Latency counts from when a request was due. Anything but this machine is
loaded only if its host is allowed: by allow in the file, --allow, or --yes for
those that are named.

Exit code 1 if a threshold is broken, or without thresholds if anything failed
or was dropped.`

func newLoadCommand(s *session) *cobra.Command {
	var f loadFlags
	cmd := &cobra.Command{
		Use:   "load [URL]",
		Short: "Put an app under load and measure its answers",
		Long:  aboutLoad,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usage("cutover load takes one URL, but got %d", len(args))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			p, err := f.plan(args)
			if err != nil {
				return err
			}
			var flaws load.Flaws
			if err := p.Validate(); errors.As(err, &flaws) {
				return usage("%s", f.explain(flaws))
			}
			watch := s.newLoadWatch()
			watch.announce(p)
			result, err := load.Run(cmd.Context(), p, watch.report)
			if err != nil && len(result.Sides) == 0 {
				return &exitError{ExitUsage, err}
			}
			if s.json {
				s.print(result)
			} else {
				s.printLoad(result)
			}
			switch {
			case err != nil:
				return silent(ExitWaiting)
			case !result.Passed():
				return silent(ExitFailed)
			}
			return nil
		},
	}
	f.bind(cmd)
	return cmd
}

// explain words what is wrong with a load in terms of the command line, where
// that can mend it.
func (f *loadFlags) explain(flaws load.Flaws) string {
	for _, flaw := range flaws {
		switch flaw.Path {
		case "target", "against":
			flaw.Cure += fmt.Sprintf(" (here: --%s, --allow or --yes)", flaw.Path)
		case "rate", "users":
			flaw.Cure += fmt.Sprintf(" (here: --%s)", flaw.Path)
		}
	}
	return flaws.Error()
}
