package docker

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"cutover/internal/release"

	"github.com/moby/moby/client"
)

// Startable says why no instance of the order could be started now: a daemon
// that does not answer, an image that is missing, a network that is not there,
// a secret that cannot be resolved. It starts nothing; an image that is missing
// is pulled.
func (p *Platform) Startable(ctx context.Context, order release.StartOrder) error {
	err := checkOrder(order)
	if err == nil {
		var d *daemon
		if d, err = p.daemons.at(order.Artefact.Container.Socket); err == nil {
			err = p.check(ctx, d, order, "")
		}
	}
	if err != nil {
		return fmt.Errorf("no instance of %s %s could be started: %w", order.App, order.Version, err)
	}
	return nil
}

// check looks at everything an instance of the order needs.
func (p *Platform) check(ctx context.Context, d *daemon, order release.StartOrder, files string) error {
	if _, err := p.options(order, files, ""); err != nil {
		return err
	}
	c := order.Artefact.Container
	if _, err := d.obtain(ctx, c.Pinned); err != nil {
		return d.moved(ctx, c, err)
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
		if err := d.hasNetwork(ctx, name); err != nil {
			return err
		}
	}
	return nil
}

// moved says so if a tag means something else than it did when the release was
// planned: that is never run in the place of what was planned.
func (d *daemon) moved(ctx context.Context, c *release.Container, missing error) error {
	if now, err := d.image(ctx, c.Image); err == nil {
		return fmt.Errorf("%s meant %s when the release was planned and means %s now, which is not run in its place: bring the planned image back, or plan a release anew: %w", c.Image, c.Pinned, now.ID, missing)
	}
	return missing
}

func (d *daemon) hasNetwork(ctx context.Context, name string) error {
	ctx, cancel := bounded(ctx)
	defer cancel()
	_, err := d.NetworkInspect(ctx, name, client.NetworkInspectOptions{})
	if gone(err) {
		return fmt.Errorf("there is no network %s: make it with docker network create %s, or correct networks in the app file", name, name)
	}
	return d.explain("look for the network "+name, err)
}
