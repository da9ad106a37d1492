package cli

import (
	"fmt"

	"github.com/spf13/cobra"
)

func newAllowCommand(s *session) *cobra.Command {
	var reason string
	cmd := &cobra.Command{
		Use:   "allow APP VERSION",
		Short: "Let a version be deployed again that was taken back",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 2 {
				return usage("allow takes an app and a version, such as `cutover allow shop v3`")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := s.client().Allow(cmd.Context(), args[0], args[1], reason); err != nil {
				return reached(err)
			}
			if s.json {
				s.print(map[string]string{"app": args[0], "allowed": args[1]})
				return nil
			}
			fmt.Fprintf(s.out, "version %s of %s may be deployed again\n", args[1], args[0])
			return nil
		},
	}
	cmd.Flags().StringVarP(&reason, "reason", "m", "", "why; kept in the journal")
	return cmd
}
