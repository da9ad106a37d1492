package config

import (
	"fmt"
	"strings"

	"cutover/internal/release"
)

// orderPlaceholders are those of the commands that start, stop and list.
var orderPlaceholders = []string{"app", "component", "files", "grace", "instance", "port", "side", "version"}

// validateOrders reports what is wrong with the commands that run instances.
func (r Runtime) validateOrders(tell report) {
	for _, c := range []struct {
		path    string
		command Command
		needed  bool
	}{{"start", r.Start, true}, {"stop", r.Stop, true}, {"list", r.List, false}} {
		switch {
		case r.Type != runtimeCommand && c.command.given():
			tell(c.path, "it is for type: command", "write type: command, or remove "+c.path)
		case r.Type == runtimeCommand && !c.command.given() && c.needed:
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
