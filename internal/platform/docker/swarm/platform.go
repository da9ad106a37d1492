// Package swarm runs an app's instances as services of a Docker Swarm.
// See DESIGN.md beside this file.
package swarm

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

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
	at      house.House[slot]
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
	p := &Platform{opt: o, daemons: daemon.NewSet(), seen: &lookout.Lookout{Folder: ready, Now: o.Now}}
	p.at = house.House[slot]{Layout: house.Layout{Root: o.StateDir}, Find: p.slots}
	return p, nil
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
	*house.Visit[slot]
	p *Platform
}

// enter is house.Enter for this platform's visits.
func (p *Platform) enter(ctx context.Context, stamp release.Stamp, socket string) (*visit, error) {
	v, err := p.at.Enter(ctx, stamp, socket)
	return &visit{v, p}, err
}

// slots lists app's services in the swarm of the manager at a socket.
func (p *Platform) slots(ctx context.Context, socket, mark, app string) ([]slot, error) {
	d, err := p.daemons.At(socket)
	if err != nil {
		return nil, err
	}
	return slotsOf(ctx, d, mark, app)
}
