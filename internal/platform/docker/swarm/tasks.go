package swarm

import (
	"context"
	"net"
	"slices"
	"strconv"
	"strings"

	"cutover/internal/platform/docker/daemon"

	"github.com/moby/moby/api/types/swarm"
	"github.com/moby/moby/client"
)

// tasksOf lists all tasks, present and past, of the services that a state
// folder has for app, by service and oldest first. Swarm forgets old ones.
func tasksOf(ctx context.Context, d *daemon.Daemon, mark, app string) (map[string][]swarm.Task, error) {
	ctx, cancel := daemon.Bounded(ctx)
	defer cancel()
	list, err := d.TaskList(ctx, client.TaskListOptions{Filters: owned(mark, app)})
	if err != nil {
		return nil, explain(d, "list the tasks of "+app, err)
	}
	slices.SortStableFunc(list.Items, func(a, b swarm.Task) int { return a.CreatedAt.Compare(b.CreatedAt) })
	by := map[string][]swarm.Task{}
	for _, t := range list.Items {
		by[t.ServiceID] = append(by[t.ServiceID], t)
	}
	return by, nil
}

// alive are the states of a task whose program runs, or is yet to run.
var alive = []swarm.TaskState{
	swarm.TaskStateNew, swarm.TaskStateAllocated, swarm.TaskStatePending, swarm.TaskStateAssigned, swarm.TaskStateAccepted,
	swarm.TaskStatePreparing, swarm.TaskStateReady, swarm.TaskStateStarting, swarm.TaskStateRunning,
}

func live(t swarm.Task) bool { return slices.Contains(alive, t.Status.State) }

func running(t swarm.Task) bool { return t.Status.State == swarm.TaskStateRunning }

// leaving reports whether Swarm itself is ending a task, because its node is
// being emptied or its service was changed.
func leaving(t swarm.Task) bool {
	return t.DesiredState == swarm.TaskStateShutdown || t.DesiredState == swarm.TaskStateRemove
}

// failed reports whether a task ended by itself, or could not be launched.
func failed(t swarm.Task) bool {
	switch t.Status.State {
	case swarm.TaskStateFailed, swarm.TaskStateComplete, swarm.TaskStateRejected:
		return true
	}
	return false
}

// unfit reports whether a task ended because its program could not be launched.
func unfit(t swarm.Task) bool {
	return t.Status.State == swarm.TaskStateRejected ||
		t.Status.State == swarm.TaskStateFailed && strings.HasPrefix(t.Status.Err, "starting container failed")
}

// launched reports whether the program of a task ever ran.
func launched(t swarm.Task) bool { return running(t) || !live(t) && !unfit(t) }

func every(swarm.Task) bool   { return true }
func ended(t swarm.Task) bool { return !live(t) }

// last returns the newest of the tasks for which is holds.
func last(tasks []swarm.Task, is func(swarm.Task) bool) (swarm.Task, bool) {
	for _, t := range slices.Backward(tasks) {
		if is(t) {
			return t, true
		}
	}
	return swarm.Task{}, false
}

// container is Docker's ID of a task's container, "" if it has none.
func container(t swarm.Task) string {
	if t.Status.ContainerStatus == nil {
		return ""
	}
	return t.Status.ContainerStatus.ContainerID
}

// addr is where a task takes requests, "" for nowhere. Its port is one of the
// node it runs on, and another for each task.
func (ns nodes) addr(t swarm.Task, port int) string {
	n, known := ns[t.NodeID]
	if !known || port == 0 {
		return ""
	}
	host := n.addr
	if n.here {
		host = "127.0.0.1"
	}
	for _, p := range t.Status.PortStatus.Ports {
		if int(p.TargetPort) == port && p.PublishedPort > 0 && host != "" {
			return net.JoinHostPort(host, strconv.Itoa(int(p.PublishedPort)))
		}
	}
	return ""
}
