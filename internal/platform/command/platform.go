// Package command runs an app's instances by the commands of its owner: those
// of a service manager, of another machine over ssh, of a cloud. See DESIGN.md
// beside this file.
package command

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"cutover/internal/platform/lookout"
	"cutover/internal/platform/roll"
	"cutover/internal/release"
)

// Errand prepares a command that runs as a version would: argv with the
// program's full path, the variables as NAME=value, and what of them must not
// be shown. It starts nothing.
type Errand func(app string, t release.Target, argv []string) (args, env, secrets []string, err error)

// Options say where and how the commands run.
type Options struct {
	// StateDir is the absolute folder for the roll. It belongs to this package
	// alone and is created if need be.
	StateDir string
	Errand   Errand
	// Now is the clock, time.Now if nil.
	Now func() time.Time
	// Logger hears of starts; nil is silence.
	Logger *slog.Logger
}

// Platform is safe for use by several goroutines, and by several controllers
// that share the state folder.
type Platform struct {
	opt  Options
	book roll.Book
	seen *lookout.Lookout

	mu     sync.Mutex
	listed map[string]*listing
}

// New opens the platform. It starts and stops nothing.
func New(o Options) (*Platform, error) {
	if !filepath.IsAbs(o.StateDir) {
		return nil, fmt.Errorf("open the command platform: the state folder %q is not an absolute path", o.StateDir)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if err := os.MkdirAll(o.StateDir, 0o700); err != nil {
		return nil, fmt.Errorf("open the command platform: %w", err)
	}
	return &Platform{
		opt: o, book: roll.Book{Folder: o.StateDir},
		seen:   &lookout.Lookout{Folder: o.StateDir, Now: o.Now},
		listed: map[string]*listing{},
	}, nil
}

// Apps names the apps that ever had an instance here, sorted.
func (p *Platform) Apps() ([]string, error) { return p.book.Apps() }

// Fence returns the highest fence that an order for app ever had.
func (p *Platform) Fence(app string) (uint64, error) {
	page, err := p.book.Read(app)
	return page.Fence, err
}

// Startable says why no instance of the order could be started now. It runs
// none of the commands.
func (p *Platform) Startable(_ context.Context, order release.StartOrder) error {
	err := checkOrder(order)
	if err == nil && canStart(order.Artefact) {
		err = p.preparable(order)
	}
	if err != nil {
		return fmt.Errorf("no instance of %s %s could be started: %w", order.App, order.Version, err)
	}
	return nil
}

func checkOrder(order release.StartOrder) error {
	if err := roll.Check(order); err != nil {
		return err
	}
	o := order.Artefact.Orders
	switch {
	case o == nil || len(o.Stop) == 0:
		return fmt.Errorf("it has no command that stops an instance: write stop below runtime")
	case len(o.Start) == 0 && len(order.Artefact.Adopted) == 0:
		return fmt.Errorf("it has no command that starts an instance: write start below runtime")
	}
	return nil
}

func canStart(a release.Artefact) bool { return a.Orders != nil && len(a.Orders.Start) > 0 }

// preparable looks at all commands without running one.
func (p *Platform) preparable(order release.StartOrder) error {
	e := roll.Entry{Side: order.Side, Component: order.Component, Version: order.Version, Digest: order.Digest, Artefact: order.Artefact}
	o := order.Artefact.Orders
	for _, argv := range [][]string{o.Start, o.Stop, o.List} {
		if len(argv) == 0 {
			continue
		}
		if _, err := p.prepare(order.App, e, argv); err != nil {
			return err
		}
	}
	return nil
}
