// Package flag tells apps which of their features are on, each in the way that
// its declaration names.
package flag

import (
	"context"
	"fmt"

	"cutover/internal/release"
)

// Member is one way of telling apps.
type Member interface {
	// Observe looks whether the app was told what the order says, where that can
	// be seen. It changes nothing. An error means "not known".
	Observe(ctx context.Context, order release.FlagOrder) (release.FlagWorld, error)
	// Tell tells the app, and returns when it has heard it. Repeating it changes
	// nothing. An order older than one that was obeyed is release.ErrFenced.
	Tell(ctx context.Context, order release.FlagOrder) error
	// Ready says why nobody could be told as the flag says. It tells nobody.
	Ready(f release.Flag) error
}

// Set tells apps in several ways.
type Set struct {
	// File writes files, Hook asks programs and servers.
	File, Hook Member
}

// Observe asks the way that the order's flag names.
func (s Set) Observe(ctx context.Context, order release.FlagOrder) (release.FlagWorld, error) {
	m, err := s.member(order.Flag)
	if m == nil {
		return release.FlagWorld{}, err
	}
	return m.Observe(ctx, order)
}

// Tell hands the order to the way that its flag names. A variable needs nothing:
// it is told with the next start.
func (s Set) Tell(ctx context.Context, order release.FlagOrder) error {
	m, err := s.member(order.Flag)
	if m == nil {
		return err
	}
	if err := m.Tell(ctx, order); err != nil {
		return fmt.Errorf("tell %s that flag %s is %s: %w", order.App, order.Flag.Name, release.OnOff(!order.On), err)
	}
	return nil
}

// Ready says why an app could not be told of one of the plan's flags.
func (s Set) Ready(p release.Plan) error {
	for _, f := range p.Flags {
		m, err := s.member(f)
		if m != nil {
			err = m.Ready(f)
		}
		if err != nil {
			return fmt.Errorf("flag %s: %w", f.Name, err)
		}
	}
	return nil
}

func (s Set) member(f release.Flag) (Member, error) {
	switch {
	case f.Environment != nil:
		return nil, nil
	case f.File != nil:
		return s.File, nil
	case f.HTTP != nil, f.Command != nil:
		return s.Hook, nil
	}
	return nil, fmt.Errorf("this cutover knows no way to tell of flag %s: use the version that recorded the release", f.Name)
}
