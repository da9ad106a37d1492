package docker

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"cutover/internal/platform/docker/daemon"
	"cutover/internal/platform/docker/interior"
	"cutover/internal/release"

	"github.com/moby/moby/client"
)

// Startable says why no instance of the order could be started now: a daemon
// that does not answer, an image that is missing, a network that is not there,
// a secret that cannot be resolved. It starts nothing; an image that is missing
// is pulled.
func (p *Platform) Startable(ctx context.Context, order release.StartOrder) error {
	err := interior.Check(order)
	if err == nil {
		var d *daemon.Daemon
		if d, err = p.daemons.At(order.Artefact.Container.Socket); err == nil {
			err = p.check(ctx, d, order, "")
		}
	}
	if err != nil {
		return fmt.Errorf("no instance of %s %s could be started: %w", order.App, order.Version, err)
	}
	return nil
}

// check looks at everything an instance of the order needs.
func (p *Platform) check(ctx context.Context, d *daemon.Daemon, order release.StartOrder, files string) error {
	if _, err := p.options(order, files, ""); err != nil {
		return err
	}
	c := order.Artefact.Container
	if _, err := d.Obtain(ctx, c.Pinned); err != nil {
		return d.Moved(ctx, c, err)
	}
	for _, m := range c.Mounts {
		if !filepath.IsAbs(m.Source) {
			continue
		}
		if _, err := os.Stat(m.Source); err != nil {
			return fmt.Errorf("mount %s: %w: create it, or correct mounts in the app file", m.Source, err)
		}
	}
	for _, name := range c.Networks {
		if err := hasNetwork(ctx, d, name); err != nil {
			return err
		}
	}
	return nil
}

func hasNetwork(ctx context.Context, d *daemon.Daemon, name string) error {
	ctx, cancel := daemon.Bounded(ctx)
	defer cancel()
	_, err := d.NetworkInspect(ctx, name, client.NetworkInspectOptions{})
	if daemon.Gone(err) {
		return fmt.Errorf("there is no network %s: make it with docker network create %s, or correct networks in the app file", name, name)
	}
	return d.Explain("look for the network "+name, err)
}
