package process

import (
	"fmt"
	"slices"
	"strings"

	"cutover/internal/environ"
	"cutover/internal/release"
)

// Errand prepares a command that runs once as a version would, in its folder
// and with its environment, such as its migrations: argv with the program's
// full path, the variables as NAME=value, and what of them must not be shown.
// It starts nothing.
func (p *Platform) Errand(app string, t release.Target, argv []string) (args, env, secrets []string, err error) {
	order := release.StartOrder{Stamp: release.Stamp{App: app}, Side: t.Side, Version: t.Version, Digest: t.Digest, Artefact: t.Artefact}
	order.Artefact.Command = argv
	files, err := p.layFiles(order)
	if err != nil {
		return nil, nil, nil, fmt.Errorf("prepare %q: %w", argv, err)
	}
	prog, err := p.program(order, files, "", 0)
	if err != nil {
		return nil, nil, nil, fmt.Errorf("prepare %q: %w", argv, err)
	}
	// It is no instance and has no port.
	env = slices.DeleteFunc(prog.env, func(entry string) bool {
		return strings.HasPrefix(entry, "PORT=") || strings.HasPrefix(entry, environ.InstanceVariable+"=")
	})
	for _, ref := range environ.References(t.Artefact) {
		value, err := environ.Resolve(ref)
		if err != nil {
			return nil, nil, nil, fmt.Errorf("prepare %q: %w", argv, err)
		}
		secrets = append(secrets, value)
	}
	return append([]string{prog.path}, prog.args[1:]...), env, secrets, nil
}
