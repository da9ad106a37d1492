package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

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
	// Answers says which version users get.
	Answers string `json:"answers"`
}

// answering says which version users get, as the front shows it: while a
// release is under way that need not be the one that stands.
func answering(standing release.Standing, v api.View) string {
	t := v.World.Traffic
	if standing.Active == "" || !t.Known || !t.Served {
		return sideLabel(standing.Serves())
	}
	var parts []string
	for _, side := range []release.Target{v.State.Plan.From, v.State.Plan.To} {
		switch w := t.Sides.Of(side.Side).Weight; {
		case w == release.All:
			return sideLabel(side)
		case w != release.None:
			parts = append(parts, fmt.Sprintf("%s of %s", w, sideLabel(side)))
		}
	}
	if len(parts) == 0 {
		return sideLabel(release.Target{})
	}
	return strings.Join(parts, ", ")
}

// overview prints what stands of every app.
func (s *session) overview(ctx context.Context, c *api.Client) error {
	apps, err := c.Apps(ctx)
	if err != nil {
		return reached(err)
	}
	list := []overviewApp{}
	for _, a := range apps {
		one := overviewApp{a, "stands", ""}
		var v api.View
		switch {
		case a.Active != "":
			if v, err = c.View(ctx, a.Active); err != nil {
				return reached(err)
			}
			one.Word = v.State.Word()
		case a.Serves().Version == "":
			one.Word = "nothing stands"
		}
		one.Answers = answering(a, v)
		list = append(list, one)
	}
	if s.json {
		s.print(list)
		return nil
	}
	s.warnCertificates(ctx)
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
		t.row(a.App, a.Answers, since, dash(a.Active), a.Word, dash(rejected))
	}
	t.write(s.out)
	for _, a := range list {
		for _, off := range a.FlagsOff() {
			fmt.Fprintf(s.out, "%s: %s is %s %s\n", a.App, off.Name, s.paint(s.out, yellow, "off"+off.Only.For()), offSince(off))
		}
	}
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
