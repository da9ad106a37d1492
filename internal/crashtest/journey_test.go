package crashtest

import (
	"context"
	"errors"
	"time"

	"cutover/internal/api"
	"cutover/internal/engine"
	"cutover/internal/release"
)

// journey is a person who sees a release through: who deploys it, asks for
// what the story says, asks again whenever an answer is lost, and knows when
// nothing is left to be done. It outlives any number of controllers.
type journey struct {
	*stage
	story
	deployed bool
	// asked says that the request was answered; again counts how often it was
	// repeated although it shows in the release, which must do no harm.
	asked bool
	again int
	// quiet is the look around at which everything was first seen done.
	quiet time.Time
}

// follow does what there is to do until the controller ends or the release
// has settled, and reports whether it has.
func (j *journey) follow(ctx context.Context, c *controller) bool {
	j.t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	j.quiet = time.Time{}
	for {
		select {
		case <-c.ended:
			return false
		case <-ctx.Done():
			j.t.Fatalf("%s did not come to its end: %v", j.release(), context.Cause(ctx))
		case <-tick.C:
		}
		settled, err := j.step(ctx, c.client)
		var answer *api.Error
		if errors.As(err, &answer) && (answer.Kind == "usage" || answer.Kind == "refused") {
			j.t.Fatalf("%s: %v", j.release(), err)
		}
		if settled {
			return true
		}
	}
}

// step does one thing. An error means that there was no answer, or a refusal.
func (j *journey) step(ctx context.Context, c *api.Client) (settled bool, err error) {
	if !j.deployed {
		_, err := c.Deploy(ctx, api.Files{Paths: []string{j.file("app"), j.file(j.version)}})
		j.deployed = err == nil
		return false, err
	}
	v, err := c.View(ctx, j.release())
	if err != nil {
		return false, err
	}
	switch ph := v.State.Phase; {
	case ph.Ended():
		return j.settled(ctx, c, v)
	case j.verb != "" && !j.asked && ph == release.Standby && v.State.Held:
		return false, j.ask(ctx, c, v.State)
	}
	return false, nil
}

// ask asks for the story's verb. An answer that was lost leaves it open
// whether the request was taken: if it does not show it is asked again, and
// even if it does, twice.
func (j *journey) ask(ctx context.Context, c *api.Client, now release.State) error {
	if now.Retire || now.Revert != "" {
		if j.again++; j.again > 2 {
			j.asked = true
			return nil
		}
	}
	_, err := c.Request(ctx, j.release(), j.verb, "the test wants it")
	j.asked = err == nil
	if v, e := c.View(ctx, j.release()); err != nil && e == nil && v.State.Phase != release.Standby {
		// An earlier request was taken after all, and this one came too late.
		return nil
	}
	return err
}

// settled reports whether nothing is left to be done: the release has ended,
// what stands has its route, no action is under way, and a later look around
// has changed nothing.
func (j *journey) settled(ctx context.Context, c *api.Client, v engine.View) (bool, error) {
	if v.State.Phase != j.ends {
		j.t.Fatalf("%s ended as %s: %s", j.release(), v.State.Phase, v.State.Reason)
	}
	apps, err := c.Apps(ctx)
	if err != nil || len(apps) != 1 {
		return false, err
	}
	stands, err := c.View(ctx, apps[0].Plan.Release)
	if err != nil {
		return false, err
	}
	now := stands.World
	if len(v.State.Pending)+len(stands.State.Pending) > 0 || !now.Traffic.Known || now.Traffic.Salt != stands.State.Release {
		j.quiet = time.Time{}
		return false, nil
	}
	if j.quiet.IsZero() {
		j.quiet = now.Now
	}
	return now.Now.After(j.quiet), nil
}
