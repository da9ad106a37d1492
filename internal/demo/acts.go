package demo

import (
	"context"
	"fmt"
	"time"

	"cutover/internal/api"
	"cutover/internal/demo/load"
	"cutover/internal/release"
)

// Retiring is not part of the acts' own traffic: the load has ended by then.

// upgrade is the first act: a canary from v1 to v2 whose control plane is
// killed midway.
func (d *demo) upgrade(ctx context.Context) (Act, error) {
	a := Act{Name: "canary v1 -> v2 with a split column, the control plane killed midway", Release: name("v2"), Expected: string(release.Standby)}
	err := d.act(ctx, &a, func(*load.Client) error {
		if err := d.deploy(ctx, "v2"); err != nil {
			return err
		}
		shifting := func(v api.View) bool { return v.State.Phase == release.Shifting && v.State.Step == 1 }
		if err := d.reach(ctx, "v2", "at its second step", shifting); err != nil {
			return err
		}
		d.say("   kill -9 of the control plane; users go on")
		killed := time.Now()
		if err := d.control.kill(); err != nil {
			return err
		}
		wait(ctx, time.Second)
		if err := d.startControl(ctx); err != nil {
			return err
		}
		a.ControllerAway = time.Since(killed).Seconds()
		d.say("   the control plane is back and takes the release up")
		return d.reach(ctx, "v2", "in standby", standsBy)
	})
	if err != nil {
		return a, err
	}
	if err := d.ask(ctx, "v2", release.VerbRetire, "the demo goes on"); err != nil {
		return a, err
	}
	if err := d.reach(ctx, "v2", "done", func(v api.View) bool { return v.State.Phase == release.Done }); err != nil {
		return a, err
	}
	// The old column is gone; every address has to be there all the same.
	return a, d.readBack(ctx, &a)
}

func standsBy(v api.View) bool { return v.State.Phase == release.Standby && v.State.Held }

// badVersion is the second act: v3 passes its checks but fails requests.
func (d *demo) badVersion(ctx context.Context) (Act, error) {
	a := Act{Name: "v3 fails 5% of its requests and is taken back by itself", Release: name("v3"), Expected: string(release.RolledBack)}
	return a, d.act(ctx, &a, func(*load.Client) error {
		if err := d.deploy(ctx, "v3"); err != nil {
			return err
		}
		return d.reach(ctx, "v3", "rolled back", func(v api.View) bool { return v.State.Phase == release.RolledBack })
	})
}

// standbyRollback is the third act: a good v4 carries everything, and is
// taken back from standby on command.
func (d *demo) standbyRollback(ctx context.Context) (Act, error) {
	a := Act{Name: "v4 is good and is rolled back from standby on command", Release: name("v4"), Expected: string(release.RolledBack)}
	return a, d.act(ctx, &a, func(crowd *load.Client) error {
		if err := d.deploy(ctx, "v4"); err != nil {
			return err
		}
		if err := d.reach(ctx, "v4", "in standby", standsBy); err != nil {
			return err
		}
		d.say("   cutover rollback")
		commanded := time.Now()
		if err := d.ask(ctx, "v4", release.VerbRollback, "the demo wants v2 back"); err != nil {
			return err
		}
		if err := d.reach(ctx, "v4", "rolled back", func(v api.View) bool { return v.State.Phase == release.RolledBack }); err != nil {
			return err
		}
		back := float64(crowd.LastSeen("v4").Sub(commanded).Microseconds()) / 1000
		a.BackAfter = &back
		return nil
	})
}

// act runs one act under load and compares the users' count with the ledger.
func (d *demo) act(ctx context.Context, a *Act, play func(*load.Client) error) error {
	d.say("%s", a.Name)
	began := time.Now()
	before, err := d.ledger(ctx)
	if err != nil {
		return err
	}
	crowd, err := load.Start(load.Options{URL: "http://" + d.listen, Rate: d.rate(), PostShare: 0.3, AddressShare: 0.3, Anonymous: 0.2,
		Slow: 3, SlowFor: 700 * time.Millisecond, Events: 1, Sockets: 1, Aborts: 3, Observe: d.written.note})
	if err != nil {
		return fmt.Errorf("start the users: %w", err)
	}
	played := play(crowd)
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), 15*time.Second)
	defer cancel()
	report := crowd.Stop(stop)
	a.Seconds = time.Since(began).Seconds()
	a.count(report)
	if played != nil {
		return played
	}
	if err := d.compare(ctx, a, before); err != nil {
		return err
	}
	if err := d.readBack(ctx, a); err != nil {
		return err
	}
	v, err := d.client.View(ctx, a.Release)
	if err != nil {
		return fmt.Errorf("look at %s: %w", a.Release, err)
	}
	a.Outcome, a.Reason = string(v.State.Phase), v.State.Reason
	return nil
}

// count takes over what the users counted.
func (a *Act) count(r load.Report) {
	c := r.Counters()
	a.Accepted, a.Answered, a.ClientGone, a.Lost = c.Accepted, c.Answered, c.ClientGone, c.Lost
	a.CutStreams, a.Errors, a.Versions = c.CutStreams, c.Errors, map[string]uint64{}
	for version, did := range r.Versions {
		a.Versions[version] = did.Requests
	}
}

// compare waits for the data plane to have noticed the last clients leave, and
// compares its ledger with the users' count.
func (d *demo) compare(ctx context.Context, a *Act, before release.Counters) error {
	want := release.Counters{Accepted: a.Accepted, Answered: a.Answered, ClientGone: a.ClientGone, Lost: a.Lost, Errors: a.Errors, CutStreams: a.CutStreams}
	deadline := time.Now().Add(3 * time.Second)
	for {
		now, err := d.ledger(ctx)
		if err != nil {
			return err
		}
		a.Ledger = now.Minus(before)
		want.ClosedStreams = a.Ledger.ClosedStreams // the users cannot tell these from streams that the app ended
		if a.Agree = a.Ledger == want; a.Agree || time.Now().After(deadline) {
			return nil
		}
		wait(ctx, 50*time.Millisecond)
	}
}

// ledger sums the data plane's counters of both sides.
func (d *demo) ledger(ctx context.Context) (release.Counters, error) {
	t, err := d.Front(ctx, "shop")
	if err != nil {
		return release.Counters{}, fmt.Errorf("read the data plane's ledger: %w", err)
	}
	return t.Sides.Blue.Counters.Plus(t.Sides.Green.Counters), nil
}

func wait(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
