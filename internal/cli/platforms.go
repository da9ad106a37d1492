package cli

import (
	"context"
	"log/slog"

	"cutover/internal/platform"
	"cutover/internal/platform/command"
	"cutover/internal/platform/process"
	"cutover/internal/platform/static"
	"cutover/internal/release"
)

// The names of the runtimes beside platform.Process.
const (
	runtimeCommand = "command"
	runtimeStatic  = "static"
)

// openPlatforms opens everything that can run instances.
func openPlatforms(l layout, p *process.Platform, logger *slog.Logger) (map[string]platform.Member, error) {
	commands, err := command.New(command.Options{StateDir: l.commands(), Errand: p.Errand, Logger: logger})
	if err != nil {
		return nil, err
	}
	statics, err := static.New(l.statics())
	if err != nil {
		return nil, err
	}
	return map[string]platform.Member{platform.Process: processes{p}, runtimeCommand: commands, runtimeStatic: statics}, nil
}

// stoppable is a platform on which all can be stopped without a controller.
type stoppable interface {
	Apps() ([]string, error)
	Fence(app string) (uint64, error)
	Observe(ctx context.Context, app string) ([]release.Instance, error)
	Stop(ctx context.Context, order release.StopOrder) error
}

// openStoppable opens the platforms that may have something running. Addresses
// have nothing that could be stopped.
func openStoppable(l layout, p *process.Platform) ([]stoppable, error) {
	commands, err := command.New(command.Options{StateDir: l.commands(), Errand: p.Errand})
	if err != nil {
		return nil, err
	}
	return []stoppable{p, commands}, nil
}
