// Package static has instances that somebody else runs, at addresses that the
// app's owner names. It never starts and never ends one: it looks whether they
// answer, and remembers which of them are wanted.
package static

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"cutover/internal/platform/lookout"
	"cutover/internal/platform/roll"
	"cutover/internal/probe"
	"cutover/internal/release"
)

// Platform is safe for use by several goroutines, and by several controllers
// that share the state folder.
type Platform struct {
	book roll.Book
	seen *lookout.Lookout
	now  func() time.Time
}

// New opens the platform in an absolute folder of its own.
func New(folder string) (*Platform, error) {
	if !filepath.IsAbs(folder) {
		return nil, fmt.Errorf("open the static platform: the state folder %q is not an absolute path", folder)
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, fmt.Errorf("open the static platform: %w", err)
	}
	return &Platform{book: roll.Book{Folder: folder}, seen: &lookout.Lookout{Folder: folder, Now: time.Now}, now: time.Now}, nil
}

// Startable says why the order cannot be fulfilled whoever starts what.
func (p *Platform) Startable(_ context.Context, order release.StartOrder) error {
	if err := check(order); err != nil {
		return fmt.Errorf("%s %s cannot serve: %w", order.App, order.Version, err)
	}
	return nil
}

func check(order release.StartOrder) error {
	if err := roll.Check(order); err != nil {
		return err
	}
	if len(order.Artefact.Health.Command) > 0 {
		return errors.New("a probe by command runs beside its instance, and these run elsewhere: write health.path")
	}
	addrs := order.Artefact.Addresses
	if len(addrs) < order.Count {
		return fmt.Errorf("it has %d addresses, and %d instances are to run: name as many below runtime.static", len(addrs), order.Count)
	}
	for i, addr := range addrs {
		if _, _, err := net.SplitHostPort(addr); err != nil {
			return fmt.Errorf("%q is not host:port", addr)
		}
		if slices.Contains(addrs[:i], addr) {
			return fmt.Errorf("%s is named twice", addr)
		}
	}
	return nil
}

// Start has order.Count of the version's addresses wanted. It starts nothing:
// Observe says at which of them nobody answers yet.
func (p *Platform) Start(ctx context.Context, order release.StartOrder) error {
	if err := check(order); err != nil {
		return fmt.Errorf("start %s: %w", order.App, err)
	}
	held, err := p.book.Hold(ctx, order.Stamp)
	if err == nil {
		defer held.Release()
		err = p.want(order, held)
	}
	if err != nil {
		return fmt.Errorf("start %s %s on %s: %w", order.App, order.Version, order.Side, err)
	}
	return nil
}

func (p *Platform) want(order release.StartOrder, held *roll.Held) error {
	if err := held.Unmixed(order); err != nil {
		return err
	}
	open, taken := order.Count, map[string]roll.Entry{}
	for _, e := range held.Entries {
		taken[e.Addr] = e
		if e.Of(order) {
			open--
		}
	}
	before := len(held.Entries)
	for _, addr := range order.Artefact.Addresses {
		if open <= 0 {
			break
		}
		if e, ok := taken[addr]; ok {
			if !e.Of(order) {
				return fmt.Errorf("%s is %s (%s) already: one address cannot have two versions", addr, e.ID, e.Version)
			}
			continue
		}
		e := held.Add(order)
		e.Addr, e.Since = addr, p.now()
		open--
	}
	if len(held.Entries) == before {
		return nil
	}
	return held.Save()
}

// Stop has the named instances wanted no more. They go on running: ending them
// is up to whoever started them.
func (p *Platform) Stop(ctx context.Context, order release.StopOrder) error {
	held, err := p.book.Hold(ctx, order.Stamp)
	if err != nil {
		return fmt.Errorf("stop %s: %w", order.App, err)
	}
	defer held.Release()
	var forgotten []error
	for _, e := range held.Entries {
		if slices.Contains(order.Instances, e.ID) {
			forgotten = append(forgotten, p.seen.Forget(key(order.App, e)))
		}
	}
	if len(forgotten) == 0 {
		return nil
	}
	held.Remove(order.Instances...)
	return errors.Join(append(forgotten, held.Save())...)
}

// Observe lists the addresses that are wanted. Whether something runs there is
// known only by asking it.
func (p *Platform) Observe(ctx context.Context, app string) ([]release.Instance, error) {
	page, err := p.book.Read(app)
	if err != nil {
		return nil, fmt.Errorf("observe %s: %w", app, err)
	}
	list := make([]release.Instance, len(page.Entries))
	turns := make(chan struct{}, atOnce)
	var all sync.WaitGroup
	for i, e := range page.Entries {
		all.Go(func() {
			turns <- struct{}{}
			defer func() { <-turns }()
			list[i] = p.look(ctx, app, e)
		})
	}
	all.Wait()
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("observe %s: %w", app, err)
	}
	return list, nil
}

// atOnce is how many addresses are asked in parallel.
const atOnce = 32

func (p *Platform) look(ctx context.Context, app string, e roll.Entry) release.Instance {
	in := release.Instance{ID: e.ID, Side: e.Side, Component: e.Component, Version: e.Version, Digest: e.Digest, Addr: e.Addr, Since: e.Since}
	h := e.Artefact.Health
	seen := p.seen.Look(ctx, lookout.Subject{Key: key(app, e), Run: e.Addr, Health: h, Ask: func(ctx context.Context) error {
		if h.Running {
			h = release.Health{Timeout: h.Timeout} // an open port is all there is to see
		}
		return probe.Ask(ctx, h, e.Addr)
	}})
	in.Ready, in.ReadySince, in.Detail = seen.Ready, seen.Since, seen.Detail
	in.Alive = seen.Ready || connects(ctx, e.Addr)
	if !in.Alive {
		in.Detail = fmt.Sprintf("nobody answers at %s: start %s there yourself, cutover only waits for it", e.Addr, e.Version)
	}
	return in
}

func key(app string, e roll.Entry) string { return app + "/" + e.ID }

func connects(ctx context.Context, addr string) bool {
	ctx, cancel := context.WithTimeout(ctx, lookout.Patience)
	defer cancel()
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", addr)
	return err == nil && conn.Close() == nil
}
