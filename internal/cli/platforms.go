package cli

import (
	"log/slog"

	"cutover/internal/platform"
	"cutover/internal/platform/command"
	"cutover/internal/platform/docker"
	"cutover/internal/platform/docker/swarm"
	"cutover/internal/platform/process"
	"cutover/internal/platform/static"
)

// The names of the runtimes beside platform.Process, runtimeDocker and
// runtimeSwarm.
const (
	runtimeCommand = "command"
	runtimeStatic  = "static"
)

// openPlatforms joins everything that can run instances, by the names of the
// runtimes in artefacts.
func openPlatforms(l layout, p *process.Platform, d *docker.Platform, s *swarm.Platform, logger *slog.Logger) (map[string]platform.Member, error) {
	commands, err := openCommands(l, p, logger)
	if err != nil {
		return nil, err
	}
	statics, err := static.New(l.statics())
	if err != nil {
		return nil, err
	}
	return map[string]platform.Member{platform.Process: processes{p}, runtimeDocker: d, runtimeSwarm: s, runtimeCommand: commands, runtimeStatic: statics}, nil
}

func openCommands(l layout, p *process.Platform, logger *slog.Logger) (*command.Platform, error) {
	return command.New(command.Options{StateDir: l.commands(), Errand: p.Errand, Logger: logger})
}
