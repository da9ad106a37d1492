package swarm

import (
	"context"
	"fmt"
	"strings"
	"time"

	"cutover/internal/platform/docker/badge"
	"cutover/internal/platform/docker/daemon"

	"github.com/moby/moby/api/types/swarm"
	"github.com/moby/moby/client"
)

// labelStopping says on a service since when its instance is to end.
const labelStopping = "cutover.stopping"

// slot is the place of one instance: a service with one task, which Swarm
// replaces by another when it ends.
type slot struct {
	badge.Badge
	daemon  *daemon.Daemon
	service string
	// mark is that of the state folder.
	mark string
	// stopping is when the instance was told to end, zero if it was not.
	stopping time.Time
	// replicas is how many tasks the service is to have: 1, or 0 for an
	// instance that is to end. Anything else was set by somebody else.
	replicas uint64
}

// slotsOf lists the services that a state folder has for app in the swarm of d.
func slotsOf(ctx context.Context, d *daemon.Daemon, mark, app string) ([]slot, error) {
	ctx, cancel := daemon.Bounded(ctx)
	defer cancel()
	list, err := d.ServiceList(ctx, client.ServiceListOptions{Filters: owned(mark, app)})
	if err != nil {
		return nil, explain(d, "list the services of "+app, err)
	}
	var all []slot
	for _, service := range list.Items {
		s, err := readSlot(d, service)
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, nil
}

// owned finds what belongs to an app of a state folder.
func owned(mark, app string) client.Filters {
	return client.Filters{}.Add("label", badge.LabelHouse+"="+mark, badge.LabelApp+"="+app)
}

func readSlot(d *daemon.Daemon, service swarm.Service) (slot, error) {
	s := slot{daemon: d, service: service.ID, mark: service.Spec.Labels[badge.LabelHouse]}
	changed := fmt.Errorf("the service %s was made by cutover and changed by somebody else: remove it with docker service rm once nobody needs it", service.Spec.Name)
	var ok bool
	if s.Badge, ok = badge.Read(service.Spec.Labels); !ok {
		return s, changed
	}
	if text := service.Spec.Labels[labelStopping]; text != "" {
		var err error
		if s.stopping, err = time.Parse(time.RFC3339Nano, text); err != nil {
			return s, changed
		}
	}
	if r := service.Spec.Mode.Replicated; r != nil && r.Replicas != nil {
		s.replicas = *r.Replicas
	}
	return s, nil
}

func (s slot) ending() bool { return !s.stopping.IsZero() }

// changes bounds how often a change is tried anew because somebody else
// changed the service at the same moment.
const changes = 10

// change edits what the service is to be, but for its tasks' template, so that
// no task is replaced by it. One that is gone is no error.
func (s slot) change(ctx context.Context, edit func(*swarm.ServiceSpec)) error {
	for try := 1; ; try++ {
		err := s.changeOnce(ctx, edit)
		if err == nil || daemon.Gone(err) {
			return nil
		}
		if try == changes || !strings.Contains(err.Error(), "out of sequence") {
			return explain(s.daemon, "change the service of "+s.ID, err)
		}
	}
}

func (s slot) changeOnce(ctx context.Context, edit func(*swarm.ServiceSpec)) error {
	ctx, cancel := daemon.Bounded(ctx)
	defer cancel()
	now, err := s.daemon.ServiceInspect(ctx, s.service, client.ServiceInspectOptions{})
	if err != nil {
		return err
	}
	spec := now.Service.Spec
	edit(&spec)
	_, err = s.daemon.ServiceUpdate(ctx, s.service, client.ServiceUpdateOptions{Version: now.Service.Version, Spec: spec})
	return err
}

func replicated(count uint64) swarm.ServiceMode {
	return swarm.ServiceMode{Replicated: &swarm.ReplicatedService{Replicas: &count}}
}
