package config

import (
	"fmt"
	"maps"
	"net"
	"slices"
	"strings"

	"cutover/internal/release"
)

// The runtimes that a file can name.
const (
	process = "process"
	command = "command"
	static  = "static"
)

// orderPlaceholders are those of the commands that start, stop and list.
var orderPlaceholders = []string{"app", "component", "files", "grace", "instance", "port", "side", "version"}

func (a *App) validateRuntime(tell report) {
	r, in := a.Spec.Runtime, tell.in("runtime")
	r.validateCommands(in)
	r.validateStatic(in)
	for _, name := range slices.Sorted(maps.Keys(a.Spec.Components)) {
		c, path := a.Spec.Components[name], entry("components", name)
		switch at := join(path, "command"); {
		case r.Type == process && !c.Command.given() && a.misspelt(path):
			// The key that was meant is not reported as missing as well.
		case r.Type == process && !c.Command.given():
			tell(at, "it is missing", `add command: ["./shop", "--port", "{{port}}"]`)
		case r.Type != process && c.Command.given():
			tell(at, fmt.Sprintf("with runtime.type %s nothing runs this command", r.Type), "remove it: runtime says how instances come to be")
		case r.Type == static && c.Type != web:
			tell(join(path, "type"), "a "+c.Type+" has no address, and a static runtime has nothing else", "give workers and singletons to an app of their own")
		case r.Type == static && c.Health.Command.given():
			tell(join(path, "health.command"), "a probe by command runs beside its instance, and these run elsewhere", "write health.path")
		}
	}
}

func (r Runtime) validateCommands(tell report) {
	for _, c := range []struct {
		path    string
		command Command
		needed  bool
	}{{"start", r.Start, true}, {"stop", r.Stop, true}, {"list", r.List, false}} {
		switch {
		case r.Type != command && c.command.given():
			tell(c.path, "it is for type: command", "write type: command, or remove "+c.path)
		case r.Type == command && !c.command.given() && c.needed:
			tell(c.path, "it is missing", fmt.Sprintf(`add %s: [systemctl, %s, "shop@{{instance}}"]`, c.path, c.path))
		case c.command.given():
			args, err := c.command.args(false)
			if err != nil {
				reason, cure := explain(err, "")
				tell(c.path, reason, cure)
			}
			checkPlaceholders(strings.Join(args, " "), c.path, orderPlaceholders, tell)
		}
	}
}

func (r Runtime) validateStatic(tell report) {
	if r.Type != static && len(r.Static) > 0 {
		tell("static", "it is for type: static", "write type: static, or remove static")
		return
	}
	seen := map[string]string{}
	for _, version := range slices.Sorted(maps.Keys(r.Static)) {
		path := entry("static", version)
		checkAddresses(r.Static[version], path, tell)
		for i, addr := range r.Static[version] {
			if other := seen[addr]; other != "" && other != version {
				tell(element(path, i), fmt.Sprintf("%s is an address of %s too: then nobody could tell which of the two answers", addr, other), "give each version addresses of its own")
			}
			seen[addr] = version
		}
	}
}

func checkAddresses(list []string, path string, tell report) {
	for i, addr := range list {
		host, port, err := net.SplitHostPort(addr)
		switch {
		case err != nil || host == "" || port == "":
			tell(element(path, i), fmt.Sprintf("%q is not an address", printable(addr)), "write host:port, such as 10.0.0.1:8080")
		case slices.Contains(list[:i], addr):
			tell(element(path, i), addr+" is named twice", "remove one of them")
		}
	}
}

// validateAddresses makes sure that a release has as many addresses as its app
// has instances.
func (r *Release) validateAddresses(a *App) {
	to := r.Spec.To
	tell := r.doc.reporter("spec.to")
	if a.Spec.Runtime.Type != static {
		if len(to.Addresses) > 0 {
			tell("addresses", "the app's runtime is not static", "write runtime: {type: static} in the app, or remove addresses")
		}
		return
	}
	checkAddresses(to.Addresses, "addresses", tell)
	c, _ := a.component()
	if have := len(a.addresses(r)); have < c.Replicas {
		tell("version", fmt.Sprintf("%s has %d addresses, and the app %d replicas", to.Version, have, c.Replicas),
			fmt.Sprintf("name the addresses of %s in spec.runtime.static of the app, or in spec.to.addresses here", to.Version))
	}
}

// addresses are where the version of a release answers.
func (a *App) addresses(r *Release) []string {
	if len(r.Spec.To.Addresses) > 0 {
		return r.Spec.To.Addresses
	}
	return a.Spec.Runtime.Static[string(r.Spec.To.Version)]
}

// runBy says in the artefact what runs it.
func (a *App) runBy(into *release.Artefact, r *Release) error {
	switch a.Spec.Runtime.Type {
	case static:
		into.Runtime, into.Addresses = static, a.addresses(r)
	case command:
		into.Runtime = command
		var err error
		into.Orders, err = a.Spec.Runtime.orders()
		return err
	}
	return nil
}

func (r Runtime) orders() (*release.Orders, error) {
	o := &release.Orders{}
	for _, c := range []struct {
		into *[]string
		from Command
	}{{&o.Start, r.Start}, {&o.Stop, r.Stop}, {&o.List, r.List}} {
		if !c.from.given() {
			continue
		}
		var err error
		if *c.into, err = c.from.args(false); err != nil {
			return nil, fmt.Errorf("read the commands of the runtime: %w", err)
		}
	}
	return o, nil
}

// misspelt reports whether a group of keys has one that nobody knows.
func (a *App) misspelt(path string) bool {
	path = join("spec", path) + "."
	return slices.ContainsFunc(a.doc.source.problems, func(p *Problem) bool {
		return strings.HasPrefix(p.Path, path) && strings.HasPrefix(p.Reason, "there is no such key")
	})
}
