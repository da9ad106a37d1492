package cli

import (
	"context"
	"fmt"
	"time"

	"cutover/internal/api"
	"cutover/internal/release"
)

// standsAlready deals with a release that was done before it was deployed
// again: nothing is to be begun, but where everything had been stopped what
// stood is waited for. It reports false for a release that is not done.
func (s *session) standsAlready(ctx context.Context, c *api.Client, name string) (bool, error) {
	v, err := c.View(ctx, name)
	if err != nil {
		return false, reached(err)
	}
	if v.State.Phase != release.Done {
		return false, nil
	}
	plan := v.State.Plan
	limited, cancel := context.WithTimeout(ctx, plan.ReadyWithin+startWithin)
	defer cancel()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for !up(v) {
		select {
		case <-ctx.Done():
			return true, s.leave(name)
		case <-limited.Done():
			return true, failed("%s is done, but %d of %d instances of %s are ready; `cutover explain %s` says why",
				name, v.World.Sides.Of(plan.To.Side).Ready(), plan.Replicas, plan.To.Version, name)
		case <-tick.C:
		}
		if v, err = c.View(limited, name); err != nil && limited.Err() == nil {
			return true, reached(err)
		}
	}
	return true, s.conclude(ctx, c, name, "")
}

// up reports whether users are served as a release that is done has left it.
func up(v api.View) bool {
	to := v.State.Plan.To.Side
	return v.World.Sides.Of(to).Ready() >= v.State.Plan.Replicas && v.World.Traffic.Served && v.World.Traffic.Sides.Of(to).Weight == release.All
}

// leave says that a release goes on although nobody follows it any more.
func (s *session) leave(name string) error {
	fmt.Fprintf(s.errs, "\ndetached: %s goes on without this command; `cutover status %s` shows it\n", name, name)
	return silent(ExitWaiting)
}
