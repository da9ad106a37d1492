// Package flagtest says what every way of telling an app of its flags has to
// keep to.
package flagtest

import (
	"context"
	"errors"
	"testing"
	"time"

	"cutover/internal/flag"
	"cutover/internal/release"
)

// Setup is one app, and one way of telling it.
type Setup struct {
	// Open opens the way as a new controller does. What it has to remember
	// outlives it.
	Open func() flag.Member
	// Flag is how the app is told.
	Flag release.Flag
	// Knows returns what the app knows of the flag, and whether it knows anything.
	Knows func() (on, known bool)
}

// order says that the flag is on or off.
func (s Setup) order(on bool, fence uint64, key string) release.FlagOrder {
	o := release.FlagOrder{Stamp: release.Stamp{App: "shop", Key: key, Fence: fence}, Flag: s.Flag, On: on}
	if s.Flag.File != nil {
		o.All = []release.FlagValue{{Name: s.Flag.Name, On: on}}
	}
	return o
}

// Run puts the suite to one way. setup makes a new app each time.
func Run(t *testing.T, setup func(t *testing.T) Setup) {
	t.Helper()
	for name, test := range map[string]func(*testing.T, Setup){
		"WhoIsTellableIsReady":             ready,
		"TheAppKnowsWhatItWasTold":         knows,
		"RepeatingAnOrderChangesNothing":   repeats,
		"ALaterControllerGoesOn":           goesOn,
		"AnOlderControllerIsRefused":       refusesTheOlder,
		"LookingClaimsNothingThatIsNotSo":  looks,
		"WhoGivesUpIsToldSoAndNobodyWaits": givesUp,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, setup(t))
		})
	}
}

// limit matters only when something is broken.
const limit = 2 * time.Minute

func (s Setup) tell(t *testing.T, m flag.Member, o release.FlagOrder) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	if err := m.Tell(ctx, o); err != nil {
		t.Fatalf("tell %+v: %v", o, err)
	}
}

func (s Setup) is(t *testing.T, want bool) {
	t.Helper()
	if on, known := s.Knows(); !known || on != want {
		t.Errorf("the app knows %t (anything: %t), want %t", on, known, want)
	}
}

func ready(t *testing.T, s Setup) {
	if err := s.Open().Ready(s.Flag); err != nil {
		t.Errorf("it is not ready: %v", err)
	}
	if _, known := s.Knows(); known {
		t.Error("asking whether it is ready told the app something")
	}
}

func knows(t *testing.T, s Setup) {
	m := s.Open()
	for i, on := range []bool{true, false, true} {
		s.tell(t, m, s.order(on, 1, "r1/"+string(rune('1'+i))))
		s.is(t, on)
	}
}

func repeats(t *testing.T, s Setup) {
	m := s.Open()
	for range 3 {
		s.tell(t, m, s.order(false, 1, "r1/1"))
		s.is(t, false)
	}
}

func goesOn(t *testing.T, s Setup) {
	s.tell(t, s.Open(), s.order(false, 1, "r1/1"))
	next := s.Open()
	s.tell(t, next, s.order(false, 2, "r1/1"))
	s.is(t, false)
	s.tell(t, next, s.order(true, 2, "r1/2"))
	s.is(t, true)
}

func refusesTheOlder(t *testing.T, s Setup) {
	old := s.Open()
	s.tell(t, old, s.order(true, 1, "r1/1"))
	s.tell(t, s.Open(), s.order(false, 2, "r1/2"))
	if err := old.Tell(t.Context(), s.order(true, 1, "r1/3")); !errors.Is(err, release.ErrFenced) {
		t.Errorf("an older controller is answered %v", err)
	}
	s.is(t, false)
}

func looks(t *testing.T, s Setup) {
	m := s.Open()
	look := func(o release.FlagOrder) release.FlagWorld {
		t.Helper()
		w, err := m.Observe(t.Context(), o)
		if err != nil {
			t.Fatalf("look: %v", err)
		}
		return w
	}
	if w := look(s.order(false, 1, "")); w.Told {
		t.Errorf("before anybody was told it sees %+v", w)
	}
	if _, known := s.Knows(); known {
		t.Error("looking told the app something")
	}
	s.tell(t, m, s.order(false, 1, "r1/1"))
	if w := look(s.order(false, 1, "")); w.Known && !w.Told {
		t.Errorf("told, it sees %+v", w)
	}
	if w := look(s.order(true, 1, "")); w.Told {
		t.Errorf("told otherwise, it sees %+v", w)
	}
}

func givesUp(t *testing.T, s Setup) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	done := make(chan error, 1)
	go func() { done <- s.Open().Tell(ctx, s.order(false, 1, "r1/1")) }()
	select {
	case err := <-done:
		if _, known := s.Knows(); err == nil && !known {
			t.Error("it was given up, said it was done, and the app knows nothing")
		}
	case <-time.After(limit):
		t.Error("it goes on although nobody waits for it")
	}
}
