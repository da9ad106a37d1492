// Package platform lets an app's instances run on several platforms, one
// component here and another there.
package platform

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"cutover/internal/release"
)

// Member is one platform of a Set.
type Member interface {
	// Observe lists the instances of app that exist now, on both sides. It
	// changes nothing. An error means "not known", never "none".
	Observe(ctx context.Context, app string) ([]release.Instance, error)
	// Start brings a component on its side to order.Count running instances.
	Start(ctx context.Context, order release.StartOrder) error
	// Stop ends the named instances and returns when they are gone.
	Stop(ctx context.Context, order release.StopOrder) error
	// Startable says why no instance of the order could be started now. It
	// starts nothing.
	Startable(ctx context.Context, order release.StartOrder) error
}

// Process is the name of the runtime that an artefact without one has.
const Process = "process"

// Set is a platform made of several. What runs where is said by the artefact
// of each version, so that an app can move from one platform to another in a
// release like any other.
//
// IDs of instances get the name of their runtime in front, but for processes.
type Set struct {
	// Members are the platforms by the name of their runtime.
	Members map[string]Member
	// Uses names the runtimes that instances of an app may be on now. Others are
	// not asked: they might not even be there.
	Uses func(app string) []string
}

// Observe lists the instances on all platforms that the app uses. If one of
// them cannot be observed, nothing is known.
func (s *Set) Observe(ctx context.Context, app string) ([]release.Instance, error) {
	names := s.used(app)
	lists, failed := make([][]release.Instance, len(names)), make([]error, len(names))
	var all sync.WaitGroup
	for i, name := range names {
		all.Go(func() { lists[i], failed[i] = s.observe(ctx, name, app) })
	}
	all.Wait()
	if err := errors.Join(failed...); err != nil {
		return nil, err
	}
	return slices.Concat(lists...), nil
}

// used returns the runtimes of an app, each once.
func (s *Set) used(app string) []string {
	var names []string
	for _, name := range s.Uses(app) {
		names = append(names, nameOf(name))
	}
	if len(names) == 0 {
		names = []string{Process}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func (s *Set) observe(ctx context.Context, name, app string) ([]release.Instance, error) {
	m, err := s.member(name)
	if err != nil {
		return nil, err
	}
	list, err := m.Observe(ctx, app)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	for i := range list {
		list[i].ID = outside(name, list[i].ID)
	}
	return list, nil
}

// Start hands the order to the platform its artefact names.
func (s *Set) Start(ctx context.Context, order release.StartOrder) error {
	m, err := s.member(order.Artefact.Runtime)
	if err != nil {
		return err
	}
	return m.Start(ctx, order)
}

// Startable asks the platform that the order's artefact names.
func (s *Set) Startable(ctx context.Context, order release.StartOrder) error {
	m, err := s.member(order.Artefact.Runtime)
	if err != nil {
		return err
	}
	return m.Startable(ctx, order)
}

// Stop hands each platform the instances that are its own.
func (s *Set) Stop(ctx context.Context, order release.StopOrder) error {
	byName := map[string][]string{}
	for _, id := range order.Instances {
		name, own := inside(id)
		byName[name] = append(byName[name], own)
	}
	var mu sync.Mutex
	var failed []error
	var all sync.WaitGroup
	for name, ids := range byName {
		all.Go(func() {
			part := order
			part.Instances = ids
			m, err := s.member(name)
			if err == nil {
				err = m.Stop(ctx, part)
			}
			mu.Lock()
			defer mu.Unlock()
			failed = append(failed, err)
		})
	}
	all.Wait()
	return errors.Join(failed...)
}

func (s *Set) member(name string) (Member, error) {
	m, ok := s.Members[nameOf(name)]
	if !ok {
		return nil, fmt.Errorf("this cutover cannot run %q: use the version that recorded the release", name)
	}
	return m, nil
}

func nameOf(runtime string) string {
	if runtime == "" {
		return Process
	}
	return runtime
}

// outside and inside turn a platform's own ID into one of the app, and back.
func outside(name, id string) string {
	if name == Process {
		return id
	}
	return name + "/" + id
}

func inside(id string) (name, own string) {
	if name, own, ok := strings.Cut(id, "/"); ok {
		return name, own
	}
	return Process, id
}

// Uses names the runtimes that instances of a plan may be on.
func Uses(p release.Plan) []string {
	var names []string
	add := func(t release.Target) {
		if t.Version != "" {
			names = append(names, t.Artefact.Runtime)
		}
	}
	add(p.From)
	add(p.To)
	for _, c := range p.Companions {
		add(c.From)
		add(c.To)
	}
	return names
}
