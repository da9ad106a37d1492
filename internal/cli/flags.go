package cli

import (
	"context"
	"fmt"
	"strings"
	"time"

	"cutover/internal/api"
	"cutover/internal/release"

	"github.com/spf13/cobra"
)

func newFlagsCommand(s *session) *cobra.Command {
	return &cobra.Command{
		Use:   "flags [APP]",
		Short: "Which features are on or off, since when, by whom and why",
		Long: "Shows the flags that the version which stands declares, or the one coming in, and those that are off.\n" +
			"`cutover disable FLAG` switches one off while the version goes on, `cutover enable FLAG` on again.",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usage("%s takes the name of one app, but got %d", cmd.CommandPath(), len(args))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			c := s.client()
			apps, err := s.appsNamed(cmd.Context(), c, args)
			if err != nil {
				return err
			}
			list := []api.AppFlags{}
			for _, a := range apps {
				one, err := c.Flags(cmd.Context(), a.App)
				if err != nil {
					return reached(err)
				}
				list = append(list, one)
			}
			s.printFlags(list)
			return nil
		},
	}
}

// appsNamed returns the app named, or all.
func (s *session) appsNamed(ctx context.Context, c *api.Client, args []string) ([]release.Standing, error) {
	apps, err := c.Apps(ctx)
	if err != nil {
		return nil, reached(err)
	}
	if len(args) == 0 {
		return apps, nil
	}
	for _, a := range apps {
		if a.App == args[0] {
			return []release.Standing{a}, nil
		}
	}
	return nil, usage("there is no app named %q; `cutover status` lists them", args[0])
}

func (s *session) printFlags(list []api.AppFlags) {
	if s.json {
		s.print(list)
		return
	}
	t, rows := &table{}, 0
	t.row("APP", "FLAG", "COMPONENT", "ONLY FOR", "STATE", "SINCE", "BY", "THE APP", "WHY")
	for _, a := range list {
		for _, f := range a.Flags {
			rows++
			t.row(a.App, f.Name, dash(f.Component), dash(f.Only.String()), s.paint(s.out, flagColour(f), f.State), since(f.Since), dash(f.By), string(f.Told), dash(f.Reason))
		}
	}
	if rows == 0 {
		fmt.Fprintln(s.out, "no flag is declared; spec.flags of an App does that, from its next release on")
		return
	}
	t.write(s.out)
	for _, a := range list {
		for _, f := range a.Flags {
			s.printFlagTrouble(f)
		}
	}
}

// printFlagTrouble says what is left to be done about a flag.
func (s *session) printFlagTrouble(f release.FlagView) {
	if f.Dropped {
		fmt.Fprintf(s.out, "%s: the version that stands does not declare it any more; it stays %s all the same\n", f.Name+f.Only.For(), f.State)
	}
	if f.Error != "" {
		fmt.Fprintf(s.out, "%s: %s %s\n", f.Name+f.Only.For(), s.paint(s.out, red, "trouble"), f.Error)
	}
	if f.Next != "" {
		fmt.Fprintf(s.out, "%s: %s\n", f.Name+f.Only.For(), f.Next)
	}
}

func flagColour(f release.FlagView) colour {
	if f.State == "on" {
		return green
	}
	return yellow
}

func since(at time.Time) string {
	if at.IsZero() {
		return "-"
	}
	return at.UTC().Format("2006-01-02 15:04:05 UTC")
}

// printPlanFlags says of a plan which flags it has and which of them stay off.
func (s *session) printPlanFlags(p release.Plan) {
	if len(p.Flags) == 0 && len(p.FlagsOff) == 0 {
		return
	}
	fmt.Fprintf(s.out, "\n%s\n", s.paint(s.out, bold, "flags"))
	t := &table{}
	for _, f := range p.Flags {
		text := f.Way()
		if f.Environment != nil {
			text += "; switching it takes a restart, which is done only if asked for"
		}
		t.row("  "+f.Name, text)
	}
	t.write(s.out)
	for _, off := range p.FlagsOff {
		fmt.Fprintf(s.out, "  %s stays %s: %s\n", off.Name, s.paint(s.out, yellow, "off"+off.Only.For()), offSince(off))
	}
}

func offSince(off release.FlagOff) string {
	return strings.TrimSuffix(fmt.Sprintf("since %s by %s: %s", since(off.Since), off.By, off.Reason), ": ")
}
