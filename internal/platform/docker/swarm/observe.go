package swarm

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"cutover/internal/logtail"
	"cutover/internal/platform/docker/daemon"
	"cutover/internal/platform/docker/house"
	"cutover/internal/platform/lookout"
	"cutover/internal/release"

	"github.com/moby/moby/api/types/swarm"
)

// atOnce is how many instances are looked at in parallel.
const atOnce = 32

// Observe lists the instances of app, oldest first, with those that ended and
// were not stopped. Each instance that runs is asked for its readiness, in
// parallel and not more often than its Health says; in between the last
// answer holds, and also while an answer takes longer than two seconds. A
// manager that does not answer is an error: nothing is known then.
func (p *Platform) Observe(ctx context.Context, app string) ([]release.Instance, error) {
	if err := house.CheckApp(app); err != nil {
		return nil, fmt.Errorf("observe: %w", err)
	}
	list, err := p.observe(ctx, app)
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return nil, fmt.Errorf("observe %s: %w", app, err)
	}
	return list, nil
}

func (p *Platform) observe(ctx context.Context, app string) ([]release.Instance, error) {
	slots, err := p.at.Known(ctx, app)
	if err != nil || len(slots) == 0 {
		return nil, err
	}
	views, err := viewsOf(ctx, slots)
	if err != nil {
		return nil, err
	}
	list, failed := make([]release.Instance, len(slots)), make([]error, len(slots))
	turns := make(chan struct{}, atOnce)
	var all sync.WaitGroup
	for i, s := range slots {
		all.Go(func() {
			turns <- struct{}{}
			defer func() { <-turns }()
			list[i], failed[i] = p.look(ctx, s, views[s.daemon])
		})
	}
	all.Wait()
	return list, errors.Join(failed...)
}

// view is what one manager shows of an app.
type view struct {
	tasks map[string][]swarm.Task
	nodes nodes
}

func viewsOf(ctx context.Context, slots []slot) (map[*daemon.Daemon]view, error) {
	views := map[*daemon.Daemon]view{}
	for _, s := range slots {
		if _, have := views[s.daemon]; have {
			continue
		}
		tasks, err := tasksOf(ctx, s.daemon, s.mark, s.App)
		if err != nil {
			return nil, err
		}
		nodes, err := nodesOf(ctx, s.daemon)
		if err != nil {
			return nil, err
		}
		views[s.daemon] = view{tasks, nodes}
	}
	return views, nil
}

// look describes one slot by its newest task. Another task is another life of
// the same instance: at another address, perhaps on another node, and not ready
// before it was asked.
func (p *Platform) look(ctx context.Context, s slot, v view) (release.Instance, error) {
	tasks := v.tasks[s.service]
	restarts, err := p.restarts(s, tasks)
	if err != nil {
		return release.Instance{}, err
	}
	in := release.Instance{
		ID: s.ID, Side: s.Side, Component: s.Component, Version: s.Version, Digest: s.Digest, Stopping: s.ending(), Restarts: restarts,
	}
	t, _ := last(tasks, every)
	if in.Alive = running(t); in.Alive {
		in.Addr, in.Since = v.nodes.addr(t, s.Spec.Port), t.Status.Timestamp.UTC()
	}
	switch {
	case s.ending():
		in.Detail = "being stopped since " + s.stopping.UTC().Format(time.RFC3339)
	case !in.Alive:
		in.Detail = s.whyNot(ctx, tasks, t, v.nodes)
	case leaving(t):
		in.Detail = "the swarm ends it and starts it elsewhere: its node is being emptied, or its service was changed"
	default:
		p.lookReady(ctx, s, t, v.nodes, &in)
	}
	return in, nil
}

// lookReady fills in the readiness of an instance that runs.
func (p *Platform) lookReady(ctx context.Context, s slot, t swarm.Task, ns nodes, in *release.Instance) {
	seen := p.seen.Look(ctx, lookout.Subject{Key: s.App + "/" + s.ID, Run: t.ID, Health: s.Spec.Health, Ask: func(ctx context.Context) error {
		return daemon.AskReady(ctx, s.Badge, ns.addr(t, s.Spec.Port), func(ctx context.Context, argv []string) (int, []byte, error) {
			if n := ns[t.NodeID]; !n.here {
				return 0, nil, fmt.Errorf("it runs on the node %s, and commands can be run only in containers of this machine: write health.path", n.name)
			}
			return s.daemon.Exec(ctx, container(t), argv)
		})
	}})
	in.Ready, in.ReadySince, in.Detail = seen.Ready, seen.Since, seen.Detail
	if !in.Ready && in.Restarts > 0 {
		in.Detail += "; the run before ended by itself"
	}
}

// whyNot says why no program runs: how the latest one ended, or what the swarm
// says of a task that was not launched yet.
func (s slot) whyNot(ctx context.Context, tasks []swarm.Task, newest swarm.Task, ns nodes) string {
	end, was := last(tasks, ended)
	if !was {
		return "not launched yet: " + said(newest)
	}
	detail := "its task is " + string(end.Status.State)
	switch {
	case unfit(end):
		detail = "could not be launched: " + logtail.Last([]byte(end.Status.Err), s.Secrets()...)
	case end.Status.ContainerStatus != nil && failed(end):
		detail = fmt.Sprintf("exit status %d", end.Status.ContainerStatus.ExitCode)
	}
	if line := s.lastLine(ctx, end, ns); line != "" {
		detail += "; last line of its log: " + line
	}
	if live(newest) {
		detail += "; the swarm starts it again: " + said(newest)
	}
	return detail
}

// lastLine returns the last line of a task's log that is not blank, with its
// secrets masked, or "" if there is none or it cannot be read.
func (s slot) lastLine(ctx context.Context, t swarm.Task, ns nodes) string {
	if container(t) == "" {
		return ""
	}
	ctx, cancel := context.WithTimeout(ctx, lookout.Patience)
	defer cancel()
	if ns[t.NodeID].here {
		return s.daemon.LastLine(ctx, container(t), s.Secrets()...)
	}
	return s.daemon.LastLineOfTask(ctx, t.ID, s.Secrets()...)
}
