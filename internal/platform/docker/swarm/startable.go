package swarm

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"cutover/internal/platform/docker/daemon"
	"cutover/internal/platform/docker/interior"
	"cutover/internal/release"

	"github.com/moby/moby/client"
)

// Startable says why no instance of the order could be started now: a daemon
// that does not answer or manages no swarm, an image that is missing, a network
// that services cannot join, a secret that cannot be resolved. It starts
// nothing; an image that is missing is pulled.
func (p *Platform) Startable(ctx context.Context, order release.StartOrder) error {
	err := interior.Check(order)
	if err == nil {
		var d *daemon.Daemon
		if d, err = p.daemons.At(order.Artefact.Container.Socket); err == nil {
			err = p.check(ctx, d, order)
		}
		if err == nil {
			err = checkHealth(ctx, d, order)
		}
	}
	if err != nil {
		return fmt.Errorf("no instance of %s %s could be started: %w", order.App, order.Version, err)
	}
	return nil
}

// check looks at everything an instance of the order needs.
func (p *Platform) check(ctx context.Context, d *daemon.Daemon, order release.StartOrder) error {
	here, err := manages(ctx, d)
	if err != nil {
		return err
	}
	if _, err := p.spec(order, ""); err != nil {
		return err
	}
	if err := checkFiled(order.Artefact); err != nil {
		return err
	}
	c := order.Artefact.Container
	if _, err := d.Obtain(ctx, c.Pinned); err != nil {
		return d.Moved(ctx, c, err)
	}
	for _, name := range c.Networks {
		if err := joinable(ctx, d, name); err != nil {
			return err
		}
	}
	return checkNodes(ctx, d, here.NodeID, c)
}

// checkHealth refuses a health command where an instance may get on a node that
// nobody could run it on. It is asked of a release that is yet to begin, and not
// of what is started again.
func checkHealth(ctx context.Context, d *daemon.Daemon, order release.StartOrder) error {
	if len(order.Artefact.Health.Command) == 0 {
		return nil
	}
	here, err := manages(ctx, d)
	if err != nil {
		return err
	}
	others, _, err := elsewhere(ctx, d, here.NodeID)
	if err == nil && others > 0 {
		return fmt.Errorf("health.command can be run only on the node of the manager, and %d other nodes of the swarm may be given an instance: "+
			"write health.path and a port, leave health out of a component without users, or run docker node update --availability drain on the others", others)
	}
	return err
}

// checkFiled looks at what is handed to the swarm as files.
func checkFiled(a release.Artefact) error {
	for _, e := range a.Env {
		if e.Ref == "" || !a.Container.SecretFiles {
			continue
		}
		if _, err := secretOf(e); err != nil {
			return err
		}
	}
	for _, f := range a.Files {
		if f.Bytes == 0 || f.Bytes > largest {
			return fmt.Errorf("the file %s has %d bytes, and a swarm keeps 1 to %d in one: put it into the image or a mount", f.Name, f.Bytes, largest)
		}
	}
	return nil
}

// checkNodes looks whether the instance can run on every node it may get on.
func checkNodes(ctx context.Context, d *daemon.Daemon, here string, c *release.Container) error {
	others, self, err := elsewhere(ctx, d, here)
	switch {
	case err != nil:
		return err
	case others == 0 && !self:
		return errors.New("no node of the swarm takes new tasks: see docker node ls, and run docker node update --availability active on one")
	case others > 0 && strings.HasPrefix(c.Pinned, "sha256:"):
		return fmt.Errorf("the image %s is in no registry, and other nodes of the swarm may be told to run it: push it to a registry that all of them reach, and plan again", c.Image)
	case others > 0:
		return nil // what a mount leads to on other machines cannot be seen from here
	}
	for _, m := range c.Mounts {
		if !filepath.IsAbs(m.Source) {
			continue
		}
		if _, err := os.Stat(m.Source); err != nil {
			return fmt.Errorf("mount %s: %w: create it, or correct mounts in the app file", m.Source, err)
		}
	}
	return nil
}

// joinable looks for a network that services can join.
func joinable(ctx context.Context, d *daemon.Daemon, name string) error {
	ctx, cancel := daemon.Bounded(ctx)
	defer cancel()
	found, err := d.NetworkInspect(ctx, name, client.NetworkInspectOptions{})
	if daemon.Gone(err) {
		return fmt.Errorf("there is no network %s: make it with docker network create --driver overlay %s, or correct networks in the app file", name, name)
	}
	if err == nil && found.Network.Scope != "swarm" {
		return fmt.Errorf("the network %s is one of this machine alone, which services cannot join: make one with docker network create --driver overlay, and name it in the app file", name)
	}
	return d.Explain("look for the network "+name, err)
}
