package docker

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"cutover/internal/release"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"
)

// The labels by which containers are found and known. None has a secret.
const (
	labelHouse     = "cutover.house"
	labelApp       = "cutover.app"
	labelInstance  = "cutover.instance"
	labelSide      = "cutover.side"
	labelComponent = "cutover.component"
	labelVersion   = "cutover.version"
	labelDigest    = "cutover.digest"
	labelOrder     = "cutover.order"
	labelFence     = "cutover.fence"
	labelSpec      = "cutover.spec"
)

// slot is the place of one instance: a container, whose program may end and
// be started again.
type slot struct {
	daemon *daemon
	// container is Docker's own ID.
	container string
	number    int
	fence     uint64
	id        string
	app       string
	side      release.Side
	component string
	version   string
	digest    string
	spec      spec
}

// spec is what must be known of an instance without its artefact.
type spec struct {
	Health release.Health `json:"health"`
	Stop   release.Stop   `json:"stop"`
	Port   int            `json:"port,omitempty"`
	Direct bool           `json:"direct,omitempty"`
	// Refs are the references to secrets, never their values. They serve to
	// mask the secrets where the program's output is shown.
	Refs []string `json:"refs,omitempty"`
}

// slotID has the number by which slots are sorted.
var slotID = regexp.MustCompile(`^(?:blue|green)-([1-9][0-9]{0,8})$`)

// labels says on a container what s is.
func (s slot) labels(house, key string) (map[string]string, error) {
	text, err := json.Marshal(s.spec)
	return map[string]string{
		labelHouse: house, labelApp: s.app, labelInstance: s.id, labelSide: string(s.side), labelComponent: s.component,
		labelVersion: s.version, labelDigest: s.digest, labelOrder: key, labelFence: strconv.FormatUint(s.fence, 10), labelSpec: string(text),
	}, err
}

// readSlot is the reverse of labels.
func readSlot(d *daemon, id string, labels map[string]string) (slot, error) {
	s := slot{
		daemon: d, container: id, id: labels[labelInstance], app: labels[labelApp], side: release.Side(labels[labelSide]),
		component: labels[labelComponent], version: labels[labelVersion], digest: labels[labelDigest],
	}
	m := slotID.FindStringSubmatch(s.id)
	fence, err := strconv.ParseUint(labels[labelFence], 10, 64)
	if m == nil || err != nil || !s.side.Valid() || json.Unmarshal([]byte(labels[labelSpec]), &s.spec) != nil {
		return s, fmt.Errorf("the container %.12s has labels of cutover that were changed: remove it with docker rm -f once nobody needs it", id)
	}
	s.number, _ = strconv.Atoi(m[1])
	s.fence = fence
	return s, nil
}

// slots lists the containers that a state folder has for app.
func (d *daemon) slots(ctx context.Context, house, app string) ([]slot, error) {
	ctx, cancel := bounded(ctx)
	defer cancel()
	filters := client.Filters{}.Add("label", labelHouse+"="+house, labelApp+"="+app)
	list, err := d.ContainerList(ctx, client.ContainerListOptions{All: true, Filters: filters})
	if err != nil {
		return nil, d.explain("list the containers of "+app, err)
	}
	var all []slot
	for _, c := range list.Items {
		if c.State == container.StateRemoving {
			continue
		}
		s, err := readSlot(d, c.ID, c.Labels)
		if err != nil {
			return nil, err
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
	ctx, cancel := bounded(ctx)
	defer cancel()
	res, err := s.daemon.ContainerInspect(ctx, s.container, client.ContainerInspectOptions{})
	if gone(err) {
		return seen, false, nil
	}
	if err != nil {
		return seen, false, s.daemon.explain("look at "+s.id, err)
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
	if c.NetworkSettings == nil || s.spec.Port == 0 {
		return ""
	}
	if s.spec.Direct {
		return directAddr(c, s.spec.Port)
	}
	for port, bindings := range c.NetworkSettings.Ports {
		if int(port.Num()) != s.spec.Port {
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
