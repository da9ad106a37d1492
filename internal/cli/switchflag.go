package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"cutover/internal/api"
	"cutover/internal/release"

	"github.com/spf13/cobra"
)

// flagSwitch is one of the commands enable and disable.
type flagSwitch struct {
	ask             api.SwitchFlag
	detach, restart bool
}

func newFlagCommands(s *session) []*cobra.Command {
	off := newSwitchCommand(s, &flagSwitch{ask: api.SwitchFlag{Off: true}}, "disable", "Switch one feature off while the version goes on",
		"It stays off across releases, rollbacks and restarts until `cutover enable`. Repeating it is harmless;\n"+
			"where the app could not be told, it is told again.\n\n"+
			"With --version or --component it is off for that part of the app alone, and `cutover enable` with the same\n"+
			"options undoes that.")
	on := newSwitchCommand(s, &flagSwitch{}, "enable", "Switch a feature on again that was switched off",
		"Repeating it is harmless; where the app could not be told, it is told again. What was switched off with\n"+
			"--version or --component is switched on again with the same options.")
	return []*cobra.Command{off, on}
}

func newSwitchCommand(s *session, f *flagSwitch, verb, short, long string) *cobra.Command {
	cmd := &cobra.Command{
		Use:   verb + " FLAG [APP]",
		Short: short,
		Long:  short + ".\n\n" + long,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) < 1 || len(args) > 2 {
				return usage("%s takes a flag and, where there are several apps, an app, such as `cutover %s new-search shop`; `cutover flags` lists them", verb, verb)
			}
			return nil
		},
		ValidArgsFunction: s.completeFlags,
		RunE: func(cmd *cobra.Command, args []string) error {
			return s.switchFlag(cmd.Context(), s.client(), f, args)
		},
	}
	cmd.Flags().StringVarP(&f.ask.Reason, "reason", "m", "", "why; kept in the journal")
	cmd.Flags().StringVar(&f.ask.Version, "version", "", "for this version alone, such as v2")
	cmd.Flags().StringVar(&f.ask.Component, "component", "", "for this component alone, such as worker")
	cmd.Flags().BoolVar(&f.detach, "detach", false, "return once it is on record instead of waiting until the app was told")
	cmd.Flags().BoolVar(&f.restart, "restart", false, "start instances anew, one after the other, that cannot be told otherwise")
	return cmd
}

func (s *session) switchFlag(ctx context.Context, c *api.Client, f *flagSwitch, args []string) error {
	app, err := s.appOfFlag(ctx, c, args)
	if err != nil {
		return err
	}
	done, err := c.Switch(ctx, app, args[0], f.ask)
	if err != nil {
		return reached(err)
	}
	if !f.detach {
		if done.Flag, err = s.awaitTold(ctx, c, app, done.Flag); err != nil {
			return err
		}
	}
	if s.json && !f.restart {
		s.print(done)
	} else if !s.json {
		s.saySwitched(done)
		if !f.ask.Off && done.Flag.Only.Whole() {
			if err := s.sayStillOff(ctx, c, app, done.Flag); err != nil {
				return err
			}
		}
	}
	switch {
	case done.Flag.Told == release.FlagUntold:
		return silent(ExitHuman)
	case f.restart && len(done.Flag.Before) > 0:
		return s.restart(ctx, c, app)
	case f.restart && s.json:
		s.print(done)
	}
	return nil
}

// appOfFlag returns the app that was named, or the only one there is.
func (s *session) appOfFlag(ctx context.Context, c *api.Client, args []string) (string, error) {
	apps, err := s.appsNamed(ctx, c, args[1:])
	if err != nil {
		return "", err
	}
	switch len(apps) {
	case 0:
		return "", usage("nothing stands yet; `cutover deploy -f FILE` begins the first release")
	case 1:
		return apps[0].App, nil
	}
	var names []string
	for _, a := range apps {
		names = append(names, a.App)
	}
	return "", usage("there are %d apps; name one of %s", len(apps), strings.Join(names, ", "))
}

// awaitTold waits until the app was told, or could not be. Every try is bounded,
// and so is their number.
func (s *session) awaitTold(ctx context.Context, c *api.Client, app string, f release.FlagView) (release.FlagView, error) {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for f.Told == release.FlagTellingNow {
		select {
		case <-ctx.Done():
			return f, s.leaveFlag(f)
		case <-tick.C:
		}
		all, err := c.Flags(ctx, app)
		switch {
		case errors.Is(ctx.Err(), context.Canceled), err != nil && isAbsent(err):
			return f, s.leaveFlag(f)
		case err != nil:
			return f, reached(err)
		}
		for _, one := range all.Flags {
			if one.Name == f.Name && one.Only.Same(f.Only) {
				f = one
			}
		}
	}
	return f, nil
}

// leaveFlag says that the app will be told although nobody waits for it.
func (s *session) leaveFlag(f release.FlagView) error {
	fmt.Fprintf(s.errs, "it is on record that %s is %s%s, and the app is told by the controller that is in charge next; `cutover flags` shows it\n", f.Name, f.State, f.Only.For())
	return silent(ExitWaiting)
}

func (s *session) saySwitched(done api.FlagSwitched) {
	f := done.Flag
	word := "is " + f.State
	if !done.Changed {
		word += " already"
	}
	word += f.Only.For()
	how := ""
	switch f.Told {
	case release.FlagIsTold:
		how = ": the app was told, by " + strings.Join(f.Ways, " and ")
	case release.FlagAtStart:
		how = toldAtStart(f)
	case release.FlagTellingNow:
		how = ": the app is being told, by " + strings.Join(f.Ways, " and ")
	case release.FlagUntold:
		how = " on record, and the app could not be told"
	}
	fmt.Fprintf(s.out, "%s of %s %s%s\n", f.Name, done.App, word, how)
	s.printFlagTrouble(f)
}

// toldAtStart says that only instances which are started from now on are told.
func toldAtStart(f release.FlagView) string {
	text := " for instances that start from now on"
	if !f.Only.Whole() {
		text = ", in instances that start from now on"
	}
	if len(f.Ways) > 0 {
		text += ", by " + strings.Join(f.Ways, " and ")
	}
	return text
}

// sayStillOff names the parts of the app for which a flag stays off although it
// was switched on for the whole app.
func (s *session) sayStillOff(ctx context.Context, c *api.Client, app string, f release.FlagView) error {
	all, err := c.Flags(ctx, app)
	if err != nil {
		return reached(err)
	}
	for _, one := range all.Flags {
		if one.Name == f.Name && !one.Only.Whole() && one.State == release.OnOff(true) {
			fmt.Fprintf(s.out, "%s stays off%s; `cutover enable %s%s` switches it on there\n", f.Name, one.Only.For(), f.Name, one.Only.Options())
		}
	}
	return nil
}

// restart starts an app anew and follows that.
func (s *session) restart(ctx context.Context, c *api.Client, app string) error {
	d, err := c.Restart(ctx, app)
	if err != nil {
		return reached(err)
	}
	return s.follow(ctx, c, d.Release, d.After, "")
}

// completeFlags completes the names of flags and apps.
func (s *session) completeFlags(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if s.prepare() != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	apps, err := s.client().Apps(cmd.Context())
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var names []string
	for _, a := range apps {
		if len(args) == 1 {
			names = append(names, a.App)
			continue
		}
		for _, f := range a.Flags {
			if f.Only.Whole() {
				names = append(names, f.Name+"\t"+release.OnOff(f.Off))
			}
		}
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}
