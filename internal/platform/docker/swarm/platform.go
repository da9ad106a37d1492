// Package swarm runs an app's instances as services of a Docker Swarm.
// See DESIGN.md beside this file.
package swarm

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"cutover/internal/platform/docker/badge"
	"cutover/internal/platform/docker/daemon"
	"cutover/internal/platform/docker/house"
	"cutover/internal/platform/lookout"
	"cutover/internal/release"
)

// Options says where the platform keeps what it must remember.
type Options = house.Options

// Platform runs instances as Swarm services of one task each. It is safe for
// use by several goroutines, and by several controllers that share the state
// folder.
type Platform struct {
	opt     Options
	at      house.Layout
	daemons *daemon.Set
	seen    *lookout.Lookout
}

// New opens the platform. It speaks to no daemon yet; which manager takes the
// orders for an app is said by its artefacts.
func New(o Options) (*Platform, error) {
	o, err := o.Complete()
	if err != nil {
		return nil, fmt.Errorf("open the Swarm platform: %w", err)
	}
	ready := filepath.Join(o.StateDir, "ready")
	if err := os.MkdirAll(ready, 0o700); err != nil {
		return nil, fmt.Errorf("open the Swarm platform: %w", err)
	}
	return &Platform{
		opt: o, at: house.Layout{Root: o.StateDir}, daemons: daemon.NewSet(),
		seen: &lookout.Lookout{Folder: ready, Now: o.Now},
	}, nil
}

// Close gives the connections to the daemons up. Instances are left alone.
func (p *Platform) Close() error { return p.daemons.Close() }

// Apps returns the names of all apps that ever had an instance here, sorted.
func (p *Platform) Apps() ([]string, error) { return p.at.Apps() }

// Fence returns the highest fence that an order for app ever had: an order
// with it is obeyed as long as no newer controller has given one.
func (p *Platform) Fence(app string) (uint64, error) { return p.at.Fence(app) }

// visit is the right to change one app's instances.
type visit struct {
	*house.Visit
	p   *Platform
	all []slot
}

// enter takes the right to change app's instances: one at a time among all
// controllers, and none with an older fence. A socket that is not "" is one
// that instances may get on. The caller must call Leave.
func (p *Platform) enter(ctx context.Context, stamp release.Stamp, socket string) (*visit, error) {
	v := &visit{p: p}
	var err error
	v.Visit, err = p.at.Enter(ctx, stamp, socket, func(ctx context.Context, mark string, sockets []string) (list []badge.Badge, err error) {
		v.all, err = p.slots(ctx, mark, stamp.App, sockets)
		return badges(v.all), err
	})
	return v, err
}

// slots lists app's services in all swarms, oldest first.
func (p *Platform) slots(ctx context.Context, mark, app string, sockets []string) ([]slot, error) {
	all, err := daemon.Gather(p.daemons, sockets, func(d *daemon.Daemon) ([]slot, error) { return slotsOf(ctx, d, mark, app) })
	slices.SortFunc(all, func(a, b slot) int { return a.Number - b.Number })
	return all, err
}

// known lists the slots of app without taking its lock.
func (p *Platform) known(ctx context.Context, app string) ([]slot, error) {
	mark, err := p.at.ReadMark()
	if err != nil || mark == "" {
		return nil, err
	}
	b, err := p.at.Read(app)
	if err != nil {
		return nil, err
	}
	return p.slots(ctx, mark, app, b.Sockets)
}
