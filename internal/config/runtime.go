package config

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"cutover/internal/release"
)

// Runtime is what runs the app.
type Runtime struct {
	// The type of runtime: process runs programs of this machine, docker containers, swarm services of a Docker Swarm, command has instances that commands of your own start, stop and list, static addresses that somebody else runs.
	Type RuntimeType `json:"type,omitempty" jsonschema:"default=process"`
	// With type docker or swarm: where the Docker daemon, for swarm that of a manager, takes orders; unix:///var/run/docker.sock if it is not set.
	Socket string `json:"socket,omitempty"`
	// With type docker: how containers are reached: published gives each a free port of 127.0.0.1, direct uses its own address, which must be reachable from this machine. With type swarm each task has a free port of its node.
	Reach string `json:"reach,omitempty" jsonschema:"enum=published,enum=direct"`
	// With type command: what starts one instance. Like the two below it may contain {{app}}, {{side}}, {{version}}, {{files}}, {{instance}}, {{component}}, {{port}} and {{grace}}.
	Start Command `json:"start,omitzero" example:"[systemctl, start, \"shop@{{instance}}\"]"`
	// With type command: what ends one instance.
	Stop Command `json:"stop,omitzero" example:"[systemctl, stop, \"shop@{{instance}}\"]"`
	// With type command: what lists instances, as JSON lines {"id", "side", "version", "addr", "alive", "detail"} or an array of them; only id is needed.
	List Command `json:"list,omitzero"`
	// With type static: the addresses, host:port, of each version.
	Static map[string][]string `json:"static,omitempty" example:"{v1: [\"10.0.0.1:8080\"], v2: [\"10.0.0.2:8080\"]}"`
}

// The types of runtime.
const (
	runtimeProcess = "process"
	runtimeDocker  = "docker"
	runtimeSwarm   = "swarm"
	runtimeCommand = "command"
	runtimeStatic  = "static"
)

// defaultSocket is where Docker's own packages put it.
const defaultSocket = "unix:///var/run/docker.sock"

func (r Runtime) processes() bool  { return r.Type == runtimeProcess }
func (r Runtime) containers() bool { return r.Type == runtimeDocker || r.swarm() }

// foreign reports whether cutover itself starts no program of the app.
func (r Runtime) foreign() bool { return r.Type == runtimeCommand || r.Type == runtimeStatic }

func (r Runtime) socket() string {
	if r.Socket == "" {
		return defaultSocket
	}
	return r.Socket
}

func (a *App) validateRuntime(tell report) {
	r := a.Spec.Runtime
	r.validate(tell.in("runtime"))
	for _, name := range slices.Sorted(maps.Keys(a.Spec.Components)) {
		path := entry("components", name)
		a.Spec.Components[name].validateRuntime(r, a.misspelt(path), tell.in(path))
	}
}

func (r Runtime) validate(tell report) {
	switch {
	case !r.containers() && r.Socket != "":
		tell("socket", "only containers need a daemon", "remove it, or write type: docker or swarm")
	case !r.containers() && r.Reach != "":
		tell("reach", "it is for containers; a plain process is reached at 127.0.0.1", "remove it, or write type: docker")
	case r.Socket != "" && !strings.HasPrefix(r.Socket, "unix:///"):
		tell("socket", "only a socket of this machine is used", "write its absolute path such as "+defaultSocket)
	}
	r.validateSwarm(tell)
	r.validateOrders(tell)
	r.validateStatic(tell)
}

// validateRuntime reports what does not fit what the app is run by. misspelt
// says that another key of the component is one that nobody knows.
func (c Component) validateRuntime(r Runtime, misspelt bool, tell report) {
	if r.containers() {
		c.validateContainer(tell)
		return
	}
	c.refuseContainer(tell)
	switch {
	case r.processes() && !c.Command.given() && misspelt:
		// The key that was meant is not reported as missing as well.
	case r.processes() && !c.Command.given():
		tell("command", "it is missing", `add command: ["./shop", "--port", "{{port}}"]`)
	case r.foreign() && c.Command.given():
		tell("command", fmt.Sprintf("with runtime.type %s nothing runs this command", r.Type), "remove it: runtime says how instances come to be")
	case r.Type == runtimeStatic && c.Type != web:
		tell("type", "a "+c.Type+" has no address, and a static runtime has nothing else", "give workers and singletons to an app of their own")
	case r.Type == runtimeStatic && c.Health.Command.given():
		tell("health.command", "a probe by command runs beside its instance, and these run elsewhere", "write health.path")
	}
}

// misspelt reports whether a group of keys has one that nobody knows.
func (a *App) misspelt(path string) bool {
	path = join("spec", path) + "."
	return slices.ContainsFunc(a.doc.source.problems, func(p *Problem) bool {
		return strings.HasPrefix(p.Path, path) && strings.HasPrefix(p.Reason, "there is no such key")
	})
}

// runBy says in the artefact what runs it; what runs processes has no name there.
func (a *App) runBy(into *release.Artefact, r *Release) error {
	run := a.Spec.Runtime
	if !run.processes() {
		into.Runtime = string(run.Type)
	}
	var err error
	switch run.Type {
	case runtimeStatic:
		into.Addresses = a.addresses(r)
	case runtimeCommand:
		into.Orders, err = run.orders()
	}
	return err
}
