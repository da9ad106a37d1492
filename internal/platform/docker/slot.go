package docker

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"cutover/internal/platform/docker/badge"
	"cutover/internal/platform/docker/daemon"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"
)

// slot is the place of one instance: a container, whose program may end and
// be started again.
type slot struct {
	daemon *daemon.Daemon
	// container is Docker's own ID.
	container string
	badge.Badge
}

// slotsOf lists the containers that a state folder has for app.
func slotsOf(ctx context.Context, d *daemon.Daemon, mark, app string) ([]slot, error) {
	ctx, cancel := daemon.Bounded(ctx)
	defer cancel()
	filters := client.Filters{}.Add("label", badge.LabelHouse+"="+mark, badge.LabelApp+"="+app)
	list, err := d.ContainerList(ctx, client.ContainerListOptions{All: true, Filters: filters})
	if err != nil {
		return nil, d.Explain("list the containers of "+app, err)
	}
	var all []slot
	for _, c := range list.Items {
		if c.State == container.StateRemoving {
			continue
		}
		s := slot{daemon: d, container: c.ID}
		var ok bool
		if s.Badge, ok = badge.Read(c.Labels); !ok {
			return nil, fmt.Errorf("the container %.12s has labels of cutover that were changed: remove it with docker rm -f once nobody needs it", c.ID)
		}
		all = append(all, s)
	}
	return all, nil
}

// sight is a container as the daemon describes it now.
type sight struct {
	state container.State
	// started and finished are zero if it never did.
	started, finished time.Time
	addr              string
}

// look asks the daemon about the slot; found is false if it is gone.
func (s slot) look(ctx context.Context) (seen sight, found bool, err error) {
	ctx, cancel := daemon.Bounded(ctx)
	defer cancel()
	res, err := s.daemon.ContainerInspect(ctx, s.container, client.ContainerInspectOptions{})
	if daemon.Gone(err) {
		return seen, false, nil
	}
	if err != nil {
		return seen, false, s.daemon.Explain("look at "+s.ID, err)
	}
	c := res.Container
	if c.State == nil || c.State.Status == container.StateRemoving {
		return seen, false, nil
	}
	seen.state = *c.State
	if seen.started, err = moment(c.State.StartedAt); err != nil {
		return seen, false, err
	}
	if seen.finished, err = moment(c.State.FinishedAt); err != nil {
		return seen, false, err
	}
	seen.addr = s.addr(c)
	return seen, true, nil
}

// moment reads a time of the daemon, which writes the year 1 for never.
func moment(text string) (time.Time, error) {
	if text == "" || strings.HasPrefix(text, "0001-") {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return t, fmt.Errorf("read a time of the daemon: %w", err)
	}
	return t.UTC(), nil
}

// addr is where the instance takes requests now, "" for nowhere.
func (s slot) addr(c container.InspectResponse) string {
	if c.NetworkSettings == nil || s.Spec.Port == 0 {
		return ""
	}
	if s.Spec.Direct {
		return directAddr(c, s.Spec.Port)
	}
	for port, bindings := range c.NetworkSettings.Ports {
		if int(port.Num()) != s.Spec.Port {
			continue
		}
		for _, b := range bindings {
			return "127.0.0.1:" + b.HostPort
		}
	}
	return ""
}

func directAddr(c container.InspectResponse, port int) string {
	first := string(c.HostConfig.NetworkMode)
	for name, end := range c.NetworkSettings.Networks {
		if end == nil || !end.IPAddress.IsValid() || name != first && !(name == "bridge" && first == "default") {
			continue
		}
		return end.IPAddress.String() + ":" + strconv.Itoa(port)
	}
	return ""
}

// exec runs a command inside the container.
func (s slot) exec(ctx context.Context, argv []string) (code int, out []byte, err error) {
	return s.daemon.Exec(ctx, s.container, argv)
}
