package cli

import (
	"context"
	"errors"
	"fmt"

	"cutover/internal/api"
	"cutover/internal/release"

	"github.com/spf13/cobra"
)

func newStatusCommand(s *session) *cobra.Command {
	var watch, private bool
	cmd := &cobra.Command{
		Use:               "status [RELEASE|APP]",
		Short:             "Where a release stands, or all apps",
		Args:              atMostOne,
		ValidArgsFunction: s.completeReleases,
		RunE: func(cmd *cobra.Command, args []string) error {
			c := s.client()
			if len(args) == 0 && !watch && !private {
				return s.overview(cmd.Context(), c)
			}
			name, err := resolve(cmd.Context(), c, args)
			if err != nil {
				return err
			}
			if watch && onTerminal(s.out) && !s.json {
				return reached(s.watch(cmd.Context(), c, name, false))
			}
			v, err := c.View(cmd.Context(), name)
			if err != nil {
				return reached(err)
			}
			switch {
			case private:
				return s.privateAccess(v.State)
			case s.json:
				s.print(v)
			default:
				s.summary(v)
			}
			return silent(codeFor(v.State))
		},
	}
	cmd.Flags().BoolVar(&private, "private", false, "show how to reach the side being brought in before anybody else does")
	cmd.Flags().BoolVarP(&watch, "watch", "w", false, "keep showing it, on a terminal")
	return cmd
}

// overviewApp is one app of the overview.
type overviewApp struct {
	release.Standing
	Word string `json:"word"`
}

// overview prints what stands of every app.
func (s *session) overview(ctx context.Context, c *api.Client) error {
	apps, err := c.Apps(ctx)
	if err != nil {
		return reached(err)
	}
	list := []overviewApp{}
	for _, a := range apps {
		word := "stands"
		if a.Active != "" {
			v, err := c.View(ctx, a.Active)
			if err != nil {
				return reached(err)
			}
			word = v.State.Word()
		}
		list = append(list, overviewApp{a, word})
	}
	if s.json {
		s.print(list)
		return nil
	}
	if len(list) == 0 {
		fmt.Fprintln(s.out, "nothing stands yet; `cutover deploy -f FILE` begins the first release")
		return nil
	}
	t := &table{}
	t.row("APP", "SERVES", "SINCE", "RELEASE UNDER WAY", "STATE", "REJECTED")
	for _, a := range list {
		since, rejected := "-", ""
		if !a.Since.IsZero() {
			since = a.Since.UTC().Format("2006-01-02 15:04 UTC")
		}
		for _, r := range a.Rejected {
			rejected += r.Version + " "
		}
		t.row(a.App, sideLabel(a.Serves()), since, dash(a.Active), a.Word, dash(rejected))
	}
	t.write(s.out)
	return nil
}

func dash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}

func isAbsent(err error) bool { return errors.Is(err, api.ErrAbsent) }

// completeReleases completes the names of releases and apps.
func (s *session) completeReleases(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
	if s.prepare() != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	list, err := s.client().Releases(cmd.Context(), "")
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var names []string
	for i := len(list) - 1; i >= 0; i-- {
		names = append(names, list[i].Release+"\t"+list[i].Word())
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}
