package cli

import (
	"fmt"
	"log/slog"

	"cutover/internal/platform/docker"
	"cutover/internal/platform/docker/swarm"
	"cutover/internal/platform/process"
	"cutover/internal/release"
	"cutover/internal/snapshot"
)

// runtimeDocker is the name of the runtime that containers have in artefacts.
const runtimeDocker = "docker"

func openContainers(l layout, files snapshot.Opener, logger *slog.Logger) (*docker.Platform, error) {
	return docker.New(docker.Options{StateDir: l.containers(), Snapshots: files, Logger: logger})
}

// runtimeSwarm is the name of the runtime that services of a Swarm have in
// artefacts.
const runtimeSwarm = "swarm"

func openServices(l layout, files snapshot.Opener, logger *slog.Logger) (*swarm.Platform, error) {
	return swarm.New(swarm.Options{StateDir: l.services(), Snapshots: files, Logger: logger})
}

// errands prepares commands that run once as a version would. Those of
// containers are refused.
func errands(p *process.Platform) func(app string, t release.Target, argv []string) (args, env, secrets []string, err error) {
	return func(app string, t release.Target, argv []string) (args, env, secrets []string, err error) {
		if t.Artefact.Container != nil {
			return nil, nil, nil, fmt.Errorf("prepare %q: a version that runs in containers cannot migrate its database itself yet: run its migrations before the release, or describe the change as operations", argv)
		}
		return p.Errand(app, t, argv)
	}
}
