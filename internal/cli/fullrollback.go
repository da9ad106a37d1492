package cli

import (
	"context"
	"fmt"
	"time"

	"cutover/internal/api"
	"cutover/internal/release"

	"github.com/spf13/cobra"
)

const fullLong = `

With --full it also takes back a release that is past its point of no return:
the older version as it was then, with the database as it was saved before the
release. The backup is restored beside the database first; then users are not
served for as long as it takes to stop the new version, exchange the two
databases and start the older version. What users wrote since the backup is not
lost but kept aside with the database that was replaced, and as a backup; until
the end of its standby the full rollback can be taken back like any release.`

// addFull gives rollback its --full.
func addFull(s *session, cmd *cobra.Command) {
	var full, yes bool
	usual := cmd.RunE
	cmd.Long += fullLong
	cmd.Flags().BoolVar(&full, "full", false, "bring back the older version together with the backup taken before the release")
	cmd.Flags().BoolVar(&yes, "yes", false, "with --full: yes, users may lose sight of what they wrote since the backup")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if !full {
			return usual(cmd, args)
		}
		return s.fullRollback(cmd, args, yes)
	}
}

func (s *session) fullRollback(cmd *cobra.Command, args []string, yes bool) error {
	ctx, c := cmd.Context(), s.client()
	name, err := resolve(ctx, c, args)
	if err != nil {
		return err
	}
	v, err := c.View(ctx, name)
	if err != nil {
		return reached(err)
	}
	// What cannot be is refused before anybody is asked to confirm it.
	if _, err := release.FullRollback(v.State, name+"-back"); err != nil {
		return usage("%w", err)
	}
	if !yes {
		return usage("%s", s.consequence(ctx, c, v))
	}
	d, err := c.FullRollback(ctx, name)
	if err != nil {
		return reached(err)
	}
	if detach, _ := cmd.Flags().GetBool("detach"); detach {
		return s.detached(ctx, c, d)
	}
	return s.follow(ctx, c, d.Release, d.After, "")
}

// consequence says what a full rollback would mean.
func (s *session) consequence(ctx context.Context, c *api.Client, v api.View) string {
	st := v.State
	taken := "the backup " + st.Saved.Name
	if list, err := c.Backups(ctx, st.App); err == nil {
		for _, b := range list {
			if b.Name == st.Saved.Name {
				taken = fmt.Sprintf("%s of %s (%s ago)", b.Name, b.Began.UTC().Format("2006-01-02 15:04 UTC"), ago(time.Since(b.Began)))
			}
		}
	}
	return fmt.Sprintf("this brings %s back with the data of %s; users do not see what they wrote since, which is kept aside, and are not served while the databases change places; say --yes if that is meant",
		st.Plan.From.Version, taken)
}
