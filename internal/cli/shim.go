package cli

import (
	"cutover/internal/platform/process"

	"github.com/spf13/cobra"
)

// shimName is the hidden command that becomes an instance.
const shimName = "run-instance"

func newShimCommand() *cobra.Command {
	return &cobra.Command{
		Use:                shimName,
		Hidden:             true,
		DisableFlagParsing: true,
		RunE: func(_ *cobra.Command, args []string) error {
			return silent(process.RunShim(args))
		},
	}
}
