// Package traffic lets each app have the front end of its choice.
package traffic

import (
	"context"
	"fmt"

	"cutover/internal/release"
)

// Member is one front end of a Set.
type Member interface {
	// Observe reads what the front really does for app. It changes nothing.
	Observe(ctx context.Context, app string) (release.Traffic, error)
	// Route makes the front serve the route and returns only when no new
	// request can take the old one. Repeating it changes nothing.
	Route(ctx context.Context, order release.RouteOrder) error
	// CloseStreams begins to close the streams left on a side and returns at
	// once. Repeatable.
	CloseStreams(ctx context.Context, order release.StreamOrder) error
}

// Embedded is the name of the driver that a front without one has: cutover's
// own proxy.
const Embedded = "embedded"

// Set is the front ends of all apps.
type Set struct {
	// Members are the front ends by the name of their driver.
	Members map[string]Member
	// Front returns what is recorded of an app's front, as its present release
	// or the last one has it.
	Front func(app string) release.Front
}

// Observe asks the front end that serves the app.
func (s *Set) Observe(ctx context.Context, app string) (release.Traffic, error) {
	m, err := s.member(s.Front(app))
	if err != nil {
		return release.Traffic{}, err
	}
	return m.Observe(ctx, app)
}

// Route hands the order to the front end that the route names.
func (s *Set) Route(ctx context.Context, order release.RouteOrder) error {
	m, err := s.member(order.Route.Front)
	if err != nil {
		return err
	}
	return m.Route(ctx, order)
}

// CloseStreams hands the order to the front end that serves the app.
func (s *Set) CloseStreams(ctx context.Context, order release.StreamOrder) error {
	m, err := s.member(s.Front(order.App))
	if err != nil {
		return err
	}
	return m.CloseStreams(ctx, order)
}

func (s *Set) member(f release.Front) (Member, error) {
	name := f.Driver
	if name == "" {
		name = Embedded
	}
	m, ok := s.Members[name]
	if !ok {
		return nil, fmt.Errorf("this cutover cannot steer %q: use the version that recorded the release", name)
	}
	return m, nil
}
