package cli

import (
	"context"
	"fmt"

	"cutover/internal/api"
	"cutover/internal/config"

	"github.com/spf13/cobra"
)

func newDeployCommand(s *session) *cobra.Command {
	var files fileFlags
	var detach bool
	cmd := &cobra.Command{
		Use:   "deploy",
		Short: "Begin the release in the files, or go on with it, and follow it",
		Long: "Begins the release and follows it until the new version carries all traffic and the old one\n" +
			"stands by, or until it is taken back or waits for somebody. Starts a controller in the background\n" +
			"where none runs. Interrupting it only detaches: the release goes on. Repeating it is harmless.",
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx := cmd.Context()
			b, err := files.load(ctx)
			if err != nil {
				return err
			}
			if _, err := b.Release(files.name); err != nil {
				return &exitError{ExitUsage, err}
			}
			if err := s.refuseBad(config.Lint(b)); err != nil {
				return err
			}
			c, err := s.connect(ctx)
			if err != nil {
				return err
			}
			d, err := s.begin(ctx, c, &files)
			if err != nil {
				return err
			}
			if detach {
				return s.detached(ctx, c, d)
			}
			if d.Resumed {
				if stands, err := s.standsAlready(ctx, c, d.Release); stands || err != nil {
					return err
				}
			}
			return s.follow(ctx, c, d.Release, d.After, "")
		},
	}
	files.bind(cmd)
	cmd.Flags().BoolVar(&detach, "detach", false, "return at once instead of following the release")
	return cmd
}

// refuseBad stops at findings that would make the release fail anyway, and
// shows the others.
func (s *session) refuseBad(found []config.Finding) error {
	bad := 0
	for _, f := range found {
		if f.Severity == config.Bad {
			bad++
		}
		if !s.json {
			fmt.Fprintln(s.errs, s.paint(s.errs, yellow, f.String()))
		}
	}
	if bad > 0 {
		return usage("nothing was begun: with what is marked as error it would fail")
	}
	return nil
}

func (s *session) begin(ctx context.Context, c *api.Client, files *fileFlags) (api.Deployed, error) {
	where, err := files.absolute()
	if err != nil {
		return api.Deployed{}, err
	}
	d, err := c.Deploy(ctx, where)
	if err != nil {
		return d, reached(err)
	}
	switch {
	case s.json:
	case d.Differs:
		fmt.Fprintf(s.errs, "release %s was begun before, and the files say something else by now: it goes on as it was planned then\n", d.Release)
	case d.Resumed:
		fmt.Fprintf(s.errs, "release %s was begun before; there is nothing new to begin\n", d.Release)
	}
	return d, nil
}

func (s *session) detached(ctx context.Context, c *api.Client, d api.Deployed) error {
	v, err := c.View(ctx, d.Release)
	if err != nil {
		return reached(err)
	}
	if s.json {
		s.print(v)
		return nil
	}
	fmt.Fprintf(s.out, "release %s is %s; `cutover status %s` shows it\n", d.Release, v.State.Word(), d.Release)
	return nil
}
