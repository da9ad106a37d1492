package cli

import (
	"context"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"time"

	"cutover/internal/api"
	"cutover/internal/config"
	"cutover/internal/probe"
	"cutover/internal/release"
)

// Adopt implements api.Adopter.
func (p planner) Adopt(ctx context.Context, a api.Adoption) (release.Plan, error) {
	if err := checkAdoption(a); err != nil {
		return release.Plan{}, err
	}
	all, err := loader().Load(ctx, a.Paths...)
	if err != nil {
		return release.Plan{}, err
	}
	name := a.Name
	if name == "" {
		name = "adopted" // until it is known what is
	}
	b, err := all.Adoption(name, a.App, a.Version, a.Addresses)
	if err != nil {
		return release.Plan{}, err
	}
	plan, err := b.Plan(ctx, name, release.Running{}, p.c.snapshots)
	if err != nil {
		return plan, err
	}
	if len(plan.Companions) > 0 {
		return plan, fmt.Errorf("%s has workers or singletons beside its users' component, and those that run cannot be adopted: adopt with an app file that has the component with users alone, and add the others in the first release", plan.App)
	}
	plan.Adopts, plan.Standby = true, 0
	if err := p.take(ctx, a, &plan); err != nil {
		return plan, err
	}
	if a.Name == "" {
		plan.Release = adoptionName(plan)
	}
	if _, known := p.c.engine.View(plan.Release); known {
		return plan, nil // it goes on, or says why it cannot
	}
	standing := p.c.engine.Standing(plan.App)
	if have := standing.Serves(); have.Version != "" {
		return plan, fmt.Errorf("%s %s serves already by release %s: bring the next version in with `cutover deploy`", plan.App, have.Version, standing.Plan.Release)
	}
	return plan, p.adoptable(ctx, plan)
}

// take puts what was found into the plan.
func (p planner) take(ctx context.Context, a api.Adoption, plan *release.Plan) error {
	art := &plan.To.Artefact
	if !a.Restartable {
		art.Command, art.Env, art.EnvFile, art.Files = nil, nil, release.File{}, nil
	}
	if a.Restartable && art.Runtime != "" {
		return fmt.Errorf("--restartable has the command of the app file started as a process, and %s runs by spec.runtime: {type: %s}: leave it out", plan.App, art.Runtime)
	}
	if art.Container != nil {
		// A probe by command would run inside a container of cutover's own.
		art.Container, art.Health.Command = nil, nil
	}
	art.Runtime, art.Orders, art.Addresses = "", nil, nil
	var err error
	switch {
	case len(a.Pids) > 0:
		art.Adopted, err = p.processes(a)
		if err == nil && !a.Restartable {
			art.Dir = "/"
		}
	case a.Unit != "":
		err = unitOrders(ctx, a, art)
	case a.Container != "":
		err = containerOrders(ctx, a, art)
	default:
		art.Runtime, art.Addresses = runtimeStatic, a.Addresses
	}
	if err != nil {
		return err
	}
	if found := max(len(art.Adopted), len(art.Addresses)); found != plan.Replicas {
		return fmt.Errorf("%s has replicas: %d in its file, and %d are adopted: name every instance, or write replicas: %d", plan.App, plan.Replicas, found, found)
	}
	plan.To.Digest, err = config.Digest(*art)
	return err
}

// adoptable makes sure that what was found answers, and that users can be led
// to it.
func (p planner) adoptable(ctx context.Context, plan release.Plan) error {
	if err := p.c.platform.Startable(ctx, startOrder(plan)); err != nil {
		return err
	}
	h := plan.To.Artefact.Health
	if len(h.Command) > 0 {
		h = release.Health{Timeout: h.Timeout}
	}
	for _, addr := range addressesOf(plan.To.Artefact) {
		if err := probe.Ask(ctx, h, addr); err != nil {
			return fmt.Errorf("%s does not answer as it should: %w: mend spec.components health, or the address", addr, err)
		}
	}
	if err := checkFront(ctx, layout(p.c.options.State), plan.App, plan.Front); err != nil {
		return fmt.Errorf("%w; users are led to what is adopted through an address of its own, so spec.traffic.listen cannot be the one that the app has", err)
	}
	return nil
}

func addressesOf(a release.Artefact) []string {
	list := a.Addresses
	for _, one := range a.Adopted {
		list = append(list, one.Addr)
	}
	return list
}

// adoptionName is the same for the same thing, and unlike any other.
func adoptionName(p release.Plan) string {
	return fmt.Sprintf("%.26s-adopt-%.8s", p.App, p.To.Digest)
}

// unitForm keeps what is said of a unit one word, and no option.
var unitForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9:_.@\\-]{0,250}$`)

// listUnit prints one instance; what systemctl could not find out is an error.
const listUnit = `systemctl is-active --quiet "$1" >/dev/null; case $? in 0) alive=true ;; 3|4) alive=false ;; *) exit 1 ;; esac; printf '{"id":"%s","alive":%s}\n' "$1" "$alive"`

// unitOrders has a unit stopped and started by systemd, which would otherwise
// start again what ends.
func unitOrders(ctx context.Context, a api.Adoption, art *release.Artefact) error {
	if !unitForm.MatchString(a.Unit) {
		return fmt.Errorf("%q cannot be the name of a unit", a.Unit)
	}
	if out, err := ask(ctx, "systemctl", "is-active", a.Unit); err != nil {
		return fmt.Errorf("the unit %s is not active (%s): start it, or look for its name with systemctl list-units", a.Unit, firstOf(out, err))
	}
	art.Runtime, art.Dir = runtimeCommand, "/"
	art.Orders = &release.Orders{Start: []string{"systemctl", "start", a.Unit}, Stop: []string{"systemctl", "stop", a.Unit},
		List: []string{"sh", "-c", listUnit, "sh", a.Unit}}
	art.Adopted = []release.Adopted{{Name: a.Unit, Addr: a.Addresses[0]}}
	return nil
}

// containerOrders has a container stopped and started by docker.
func containerOrders(ctx context.Context, a api.Adoption, art *release.Artefact) error {
	if !unitForm.MatchString(a.Container) {
		return fmt.Errorf("%q cannot be the name of a container", a.Container)
	}
	out, err := ask(ctx, "docker", "inspect", "--type", "container", "--format", "{{.Id}} {{.State.Running}}", a.Container)
	if err != nil {
		return fmt.Errorf("look at the container %s (%s): docker ps lists those that run", a.Container, firstOf(out, err))
	}
	var id, runs string
	if _, err := fmt.Sscan(out, &id, &runs); err != nil || runs != "true" {
		return fmt.Errorf("the container %s does not run: docker ps lists those that do", a.Container)
	}
	grace := strconv.Itoa(int(math.Ceil(art.Stop.Grace.Seconds())))
	art.Runtime, art.Dir = runtimeCommand, "/"
	art.Orders = &release.Orders{Start: []string{"docker", "start", id}, Stop: []string{"docker", "stop", "-t", grace, id},
		List: []string{"docker", "ps", "-a", "--no-trunc", "--filter", "id=" + id, "--format",
			`{"id":"{{.ID}}","alive":{{if eq .State "running"}}true{{else}}false{{end}}}`}}
	art.Adopted = []release.Adopted{{Name: id, Addr: a.Addresses[0]}}
	return nil
}

// askWithin bounds a question put to a program.
const askWithin = 10 * time.Second

// processes identifies processes and finds where they take requests.
func (p planner) processes(a api.Adoption) ([]release.Adopted, error) {
	var list []release.Adopted
	for i, pid := range a.Pids {
		one, err := p.c.identify(pid)
		if err != nil {
			return nil, err
		}
		if len(a.Addresses) > 0 {
			one.Addr = a.Addresses[i]
		} else if one.Addr, err = listensAt(pid); err != nil {
			return nil, err
		}
		list = append(list, one)
	}
	return list, nil
}
