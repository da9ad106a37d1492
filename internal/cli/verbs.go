package cli

import (
	"fmt"

	"cutover/internal/release"

	"github.com/spf13/cobra"
)

// verbHelp says what each verb means, in the words of the design.
var verbHelp = []struct {
	verb        release.Verb
	short, long string
}{
	{release.VerbPause, "Keep traffic as it is; automatic rollback stays armed", "A paused release moves no further until `cutover resume`. Guards and the\nautomatic rollback stay armed."},
	{release.VerbResume, "Go on after a pause, and try again what had failed", "What was waited for gets its full time again."},
	{release.VerbNext, "End the present hold without waiting for more evidence", "Goes on to the next traffic step. In a drain that has halted it goes on and\nloses what is still in flight."},
	{release.VerbPromote, "Go on to all traffic without holds; guards stay armed", "Every remaining step is taken at once, each as soon as the front shows it.\nA failing verdict still takes the release back."},
	{release.VerbAbort, "Take a release back before it carries all traffic", "Traffic goes back to the old version at once; the new one is drained, stopped\nand rejected until `cutover allow`."},
	{release.VerbRollback, "Take a release back, at any time until it is retired", "The same way back as abort, also at full traffic and in standby: the old\ninstances still run, so traffic is back within a second."},
	{release.VerbRetire, "End standby: the old version stops, the point of no return", "After this the way back is to deploy the old version as a new release."},
}

// newVerbCommands returns the commands that ask something of a release.
func newVerbCommands(s *session) []*cobra.Command {
	var cmds []*cobra.Command
	for _, h := range verbHelp {
		cmd := newVerbCommand(s, h.verb, h.short, h.long)
		if h.verb == release.VerbRollback {
			addFull(s, cmd)
		}
		cmds = append(cmds, cmd)
	}
	return cmds
}

func newVerbCommand(s *session, verb release.Verb, short, long string) *cobra.Command {
	var reason string
	var detach bool
	cmd := &cobra.Command{
		Use:               string(verb) + " [RELEASE|APP]",
		Short:             short,
		Long:              short + ".\n\n" + long,
		Args:              atMostOne,
		ValidArgsFunction: s.completeReleases,
		RunE: func(cmd *cobra.Command, args []string) error {
			c := s.client()
			name, err := resolve(cmd.Context(), c, args)
			if err != nil {
				return err
			}
			from, err := lastSeq(cmd.Context(), c, name)
			if err != nil {
				return err
			}
			v, err := c.Request(cmd.Context(), name, verb, reason)
			if err != nil {
				return reached(err)
			}
			if detach || !ends(verb) {
				return s.told(v.State, verb)
			}
			return s.follow(cmd.Context(), c, name, from, verb)
		},
	}
	cmd.Flags().StringVarP(&reason, "reason", "m", "", "why; kept in the journal")
	if ends(verb) {
		cmd.Flags().BoolVar(&detach, "detach", false, "return at once instead of following to the end")
	}
	return cmd
}

// ends reports whether a verb leads a release to an end worth waiting for.
func ends(v release.Verb) bool {
	return v == release.VerbAbort || v == release.VerbRollback || v == release.VerbRetire
}

func (s *session) told(st release.State, verb release.Verb) error {
	if s.json {
		s.print(st)
		return nil
	}
	fmt.Fprintf(s.out, "%s: %s recorded; it is %s\n", st.Release, verb, st.Word())
	return nil
}
