package cli

import (
	"fmt"
	"path/filepath"

	"cutover/internal/proxy"

	"github.com/spf13/cobra"
)

const about = `cutover upgrades self-hosted applications with zero downtime and takes
everything back in seconds when the new version is worse.

A release is one crash-safe transaction: new instances start beside the old
ones, are tested, get traffic step by step, and the old ones stay ready to take
everything back until they are retired.

  cutover init           write a first file
  cutover deploy -f FILE begin the release in it
  cutover status         see where it stands, and until when it is reversible
  cutover rollback       take it back

Exit codes: 0 done, 1 failed and rolled back, 2 usage, 3 waiting or paused,
4 needs a human.`

func newRootCommand(s *session) *cobra.Command {
	root := &cobra.Command{
		Use:           "cutover",
		Short:         "Upgrade self-hosted applications with zero downtime, reversibly",
		Long:          about,
		SilenceUsage:  true,
		SilenceErrors: true,
		Version:       Version,
		PersistentPreRunE: func(*cobra.Command, []string) error {
			return s.prepare()
		},
	}
	root.PersistentFlags().StringVar(&s.state, "state", defaultState(), "folder with everything cutover keeps (or CUTOVER_STATE)")
	root.PersistentFlags().StringVarP(&s.format, "output", "o", "text", "text or json")
	root.AddGroup(&cobra.Group{ID: "begin", Title: "To begin:"}, &cobra.Group{ID: "steer", Title: "To steer a release:"},
		&cobra.Group{ID: "look", Title: "To look:"}, &cobra.Group{ID: "serve", Title: "The processes:"})
	add := func(group string, cmds ...*cobra.Command) {
		for _, c := range cmds {
			c.GroupID = group
			root.AddCommand(c)
		}
	}
	add("begin", newInitCommand(s), newDoctorCommand(s), newLintCommand(s), newPlanCommand(s), newRehearseCommand(s), newDeployCommand(s), newAdoptCommand(s), newDemoCommand(s))
	add("steer", newVerbCommands(s)...)
	add("steer", newAllowCommand(s))
	add("steer", newFlagCommands(s)...)
	add("look", newStatusCommand(s), newExplainCommand(s), newFlagsCommand(s), newSchemaCommand(s), newBackupCommand(s), newRecordCommand(s), newReplayCommand(s), newHistoryCommand(s), newReportCommand(s), newAuditCommand(s), newJournalCommand(s), newLoadCommand(s))
	add("serve", newServeCommand(s), newProxyCommand(s), newDownCommand(s))
	root.AddCommand(newShimCommand())
	return root
}

// prepare checks what all commands share.
func (s *session) prepare() error {
	switch s.format {
	case "text":
	case "json":
		s.json = true
	default:
		return usage("--output is text or json, not %q", s.format)
	}
	if s.state == "" {
		return usage("--state is empty; name a folder, or leave it out for the usual one")
	}
	abs, err := filepath.Abs(s.state)
	if err != nil {
		return usage("--state: %w", err)
	}
	s.state = abs
	if n := len(proxy.SocketIn(s.layout().proxy())); n > 100 {
		return usage("--state: the path of its socket would have %d bytes, sockets allow about 100; choose a shorter folder", n)
	}
	return nil
}

// noArgs refuses arguments with a sentence that says what is taken.
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usage("%s takes no argument, but got %q", cmd.CommandPath(), args[0])
	}
	return nil
}

// atMostOne takes the name of a release or app, or nothing.
func atMostOne(cmd *cobra.Command, args []string) error {
	if len(args) > 1 {
		return usage("%s takes the name of one release or app, but got %d", cmd.CommandPath(), len(args))
	}
	return nil
}

// Must is for what only a mistake in this program can break.
func must(err error) {
	if err != nil {
		panic(fmt.Sprintf("cli: %v", err))
	}
}
