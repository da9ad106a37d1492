package swarm

import (
	"context"
	"fmt"
	"strings"

	"cutover/internal/platform/docker/daemon"

	"github.com/moby/moby/api/types/swarm"
	"github.com/moby/moby/client"
)

// explain adds what can be done about an error that says nothing of it.
func explain(d *daemon.Daemon, what string, err error) error {
	if err != nil && strings.Contains(err.Error(), "does not have a leader") {
		return fmt.Errorf("%s: the swarm of %s has lost most of its managers: bring them back, or see docker swarm init --force-new-cluster: %w", what, d.Socket, err)
	}
	return d.Explain(what, err)
}

// manages returns what d knows of its swarm, and an error that says what to do
// unless it is a manager of one.
func manages(ctx context.Context, d *daemon.Daemon) (swarm.Info, error) {
	ctx, cancel := daemon.Bounded(ctx)
	defer cancel()
	info, err := d.Info(ctx, client.InfoOptions{})
	if err != nil {
		return swarm.Info{}, d.Explain("look for a swarm", err)
	}
	s := info.Info.Swarm
	switch {
	case s.LocalNodeState == swarm.LocalNodeStateInactive || s.LocalNodeState == "":
		return s, fmt.Errorf("the Docker daemon at %s is in no swarm: run docker swarm init, name the socket of a manager in runtime.socket, or write runtime: {type: docker}", d.Socket)
	case s.LocalNodeState == swarm.LocalNodeStateLocked:
		return s, fmt.Errorf("the swarm of the Docker daemon at %s is locked: run docker swarm unlock", d.Socket)
	case s.LocalNodeState != swarm.LocalNodeStateActive:
		return s, fmt.Errorf("the Docker daemon at %s is not ready to work in its swarm (%s): see docker info: %s", d.Socket, s.LocalNodeState, s.Error)
	case !s.ControlAvailable:
		return s, fmt.Errorf("the Docker daemon at %s is a worker, and only a manager takes orders: run docker node promote %s on a manager, or run cutover there", d.Socket, s.NodeID)
	}
	return s, nil
}

// Resolve returns what pins the content that image means now, as
// daemon.Resolve does, to the manager at socket. A daemon that is no manager of
// a swarm is an error that says what to do.
func Resolve(ctx context.Context, socket, image string) (pinned string, err error) {
	all := daemon.NewSet()
	d, err := all.At(socket)
	if err == nil {
		_, err = manages(ctx, d)
	}
	if ended := all.Close(); err == nil {
		err = ended
	}
	if err != nil {
		return "", err
	}
	return daemon.Resolve(ctx, socket, image)
}

// node is a machine of the swarm.
type node struct {
	name string
	// addr is where others reach it.
	addr string
	// here says that it is the machine of the manager that was asked.
	here bool
}

// nodes finds the machines of a swarm by their IDs.
type nodes map[string]node

func nodesOf(ctx context.Context, d *daemon.Daemon) (nodes, error) {
	here, err := manages(ctx, d)
	if err != nil {
		return nil, err
	}
	ctx, cancel := daemon.Bounded(ctx)
	defer cancel()
	list, err := d.NodeList(ctx, client.NodeListOptions{})
	if err != nil {
		return nil, explain(d, "list the nodes of the swarm", err)
	}
	all := nodes{}
	for _, n := range list.Items {
		all[n.ID] = node{name: n.Description.Hostname, addr: addrOf(n), here: n.ID == here.NodeID}
	}
	return all, nil
}

// addrOf is the address by which other machines reach a node. A manager that
// listens everywhere does not say it in its status, but as a manager.
func addrOf(n swarm.Node) string {
	if n.ManagerStatus != nil && (n.Status.Addr == "" || n.Status.Addr == "0.0.0.0") {
		if i := strings.LastIndexByte(n.ManagerStatus.Addr, ':'); i > 0 {
			return strings.Trim(n.ManagerStatus.Addr[:i], "[]")
		}
	}
	return n.Status.Addr
}

// elsewhere counts the nodes, other than the one with the ID here, that may be
// given new tasks, and reports whether that one may.
func elsewhere(ctx context.Context, d *daemon.Daemon, here string) (others int, self bool, err error) {
	ctx, cancel := daemon.Bounded(ctx)
	defer cancel()
	list, err := d.NodeList(ctx, client.NodeListOptions{})
	if err != nil {
		return 0, false, explain(d, "list the nodes of the swarm", err)
	}
	for _, n := range list.Items {
		switch {
		case n.Spec.Availability != swarm.NodeAvailabilityActive || n.Status.State == swarm.NodeStateDown:
		case n.ID == here:
			self = true
		default:
			others++
		}
	}
	return others, self, nil
}
