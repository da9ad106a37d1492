package cli

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"cutover/internal/api"
	"cutover/internal/release"

	"github.com/spf13/cobra"
)

func newHistoryCommand(s *session) *cobra.Command {
	return &cobra.Command{
		Use:               "history [RELEASE|APP]",
		Short:             "All releases, or every event of one",
		Args:              atMostOne,
		ValidArgsFunction: s.completeReleases,
		RunE: func(cmd *cobra.Command, args []string) error {
			c := s.client()
			list, err := c.Releases(cmd.Context(), "")
			if err != nil {
				return reached(err)
			}
			if len(args) == 1 {
				for _, st := range list {
					if st.Release == args[0] {
						return s.events(cmd.Context(), c, args[0])
					}
				}
				if list, err = ofApp(list, args[0]); err != nil {
					return err
				}
			}
			return s.releases(list)
		},
	}
}

func ofApp(list []release.State, app string) ([]release.State, error) {
	var out []release.State
	for _, st := range list {
		if st.App == app {
			out = append(out, st)
		}
	}
	if out == nil {
		return nil, usage("there is no release or app named %q; `cutover history` lists them", app)
	}
	return out, nil
}

func (s *session) events(ctx context.Context, c *api.Client, name string) error {
	lines, err := c.Lines(ctx, 0, "", name, 0)
	if err != nil {
		return reached(err)
	}
	if s.json {
		s.print(lines)
		return nil
	}
	for _, l := range lines {
		s.printLine(l)
	}
	return nil
}

func (s *session) releases(list []release.State) error {
	if s.json {
		s.print(append([]release.State{}, list...))
		return nil
	}
	if len(list) == 0 {
		fmt.Fprintln(s.out, "there is no release yet; `cutover deploy -f FILE` begins one")
		return nil
	}
	t := &table{}
	t.row("RELEASE", "APP", "FROM", "TO", "STRATEGY", "STATE", "BEGAN", "TOOK", "REQUESTS", "LOST", "BY")
	for _, st := range list {
		took := "-"
		if !st.EndedAt.IsZero() {
			took = ago(st.EndedAt.Sub(st.StartedAt))
		}
		total := st.Ledger.Blue.Plus(st.Ledger.Green)
		t.row(st.Release, st.App, dash(st.Plan.From.Version), st.Plan.To.Version, string(st.Plan.Strategy), s.paint(s.out, wordColour(st), st.Word()),
			st.StartedAt.UTC().Format(time.DateTime), took, strconv.FormatUint(total.Accepted, 10), strconv.FormatUint(total.Lost, 10), st.Plan.Author)
	}
	t.write(s.out)
	return nil
}
