// Package signaltest has what every reader of signals must pass.
package signaltest

import (
	"context"
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"time"

	"cutover/internal/signal"
)

// Stage is a reader with a source that answers.
type Stage struct {
	Reader signal.Reader
	// Signal is one that the source knows; Wrong is one that Check refuses.
	Signal signal.Signal
	Wrong  signal.Signal
	// Subject is whom it watches, with both sides here.
	Subject signal.Subject
	// Vanish makes the source go away, or its answers unusable.
	Vanish func()
	// Hang is a signal of a source that takes the question and never answers,
	// nil for a source where there is no such thing.
	Hang *signal.Signal
	// Secret must never be in a reason.
	Secret string
}

// patience bounds a read. It matters only if something is broken.
const patience = 20 * time.Second

// Run plays all that a reader promises. stage is called for every part.
func Run(t *testing.T, stage func(t *testing.T) Stage) {
	for name, part := range map[string]func(*testing.T, Stage){
		"ReadsEverySideThatIsHere":            readsEverySide,
		"ReadsOnlyTheOldSideBeforeTheRelease": readsOnlyTheOldSide,
		"MayBeAskedFromSeveralSidesAtOnce":    mayBeAskedAtOnce,
		"SaysWhyThereIsNothingToRead":         saysWhy,
		"EndsWithItsContext":                  endsWithItsContext,
		"DoesNotWaitForASourceThatHangs":      doesNotWait,
		"RefusesWhatCannotBeAsked":            refuses,
		"ReadsNothingAfterItsEnd":             readsNothingAfterItsEnd,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := stage(t)
			t.Cleanup(func() {
				if err := s.Reader.Close(); err != nil {
					t.Errorf("close: %v", err)
				}
			})
			part(t, s)
		})
	}
}

func (s Stage) read(t *testing.T) []signal.Reading {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	return s.Reader.Read(ctx, s.Signal, s.Subject)
}

// expected are the sides that readings are expected of.
func (s Stage) expected() map[signal.Side]bool {
	if s.Signal.Shared {
		return map[signal.Side]bool{signal.Shared: true}
	}
	sides := map[signal.Side]bool{}
	s.Subject.Each(func(side signal.Side, _ signal.Party) { sides[side] = true })
	return sides
}

// sound checks that there is a number for every side, and of no other.
func (s Stage) sound(t *testing.T, list []signal.Reading) {
	t.Helper()
	seen := map[signal.Side]bool{}
	for _, r := range list {
		seen[r.Side] = true
		if r.Missing != "" {
			t.Errorf("%s %s is missing: %s", r.Side, r.Instance, r.Missing)
		}
		if age := time.Since(r.At); age > time.Minute || age < -time.Minute {
			t.Errorf("the reading of %s is %v old", r.Side, age)
		}
	}
	if want := s.expected(); len(seen) != len(want) {
		t.Errorf("there are readings of %v; want %v", seen, want)
	}
}

// missing checks that every side is missing, each with a reason that has no
// secret.
func (s Stage) missing(t *testing.T, list []signal.Reading) {
	t.Helper()
	seen := map[signal.Side]bool{}
	for _, r := range list {
		seen[r.Side] = true
		if r.Missing == "" {
			t.Errorf("%s has the number %v", r.Side, r.Value)
		}
		if s.Secret != "" && strings.Contains(r.Missing, s.Secret) {
			t.Errorf("the reason shows the secret: %s", r.Missing)
		}
	}
	for side := range s.expected() {
		if !seen[side] {
			t.Errorf("nothing is said of %s", side)
		}
	}
}

func readsEverySide(t *testing.T, s Stage) {
	before, err := json.Marshal(s.Subject)
	if err != nil {
		t.Fatal(err)
	}
	s.sound(t, s.read(t))
	s.sound(t, s.read(t))
	if after, err := json.Marshal(s.Subject); err != nil || string(after) != string(before) {
		t.Errorf("reading changed the subject: %s, %v", after, err)
	}
}

func readsOnlyTheOldSide(t *testing.T, s Stage) {
	s.Subject.New = signal.Party{}
	s.sound(t, s.read(t))
}

func mayBeAskedAtOnce(t *testing.T, s Stage) {
	var all sync.WaitGroup
	for range 6 {
		all.Go(func() { s.sound(t, s.read(t)) })
	}
	all.Wait()
}

func saysWhy(t *testing.T, s Stage) {
	s.Vanish()
	s.missing(t, s.read(t))
}

func endsWithItsContext(t *testing.T, s Stage) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s.missing(t, within(t, func() []signal.Reading { return s.Reader.Read(ctx, s.Signal, s.Subject) }))
}

func doesNotWait(t *testing.T, s Stage) {
	if s.Hang == nil {
		return
	}
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	hung := s
	hung.Signal = *s.Hang
	hung.missing(t, within(t, func() []signal.Reading { return s.Reader.Read(ctx, *s.Hang, s.Subject) }))
}

func within(t *testing.T, read func() []signal.Reading) []signal.Reading {
	t.Helper()
	done := make(chan []signal.Reading, 1)
	go func() { done <- read() }()
	select {
	case list := <-done:
		return list
	case <-time.After(patience):
		t.Fatalf("the read goes on %v after its end", patience)
		return nil
	}
}

func refuses(t *testing.T, s Stage) {
	if err := s.Reader.Check(s.Signal); err != nil {
		t.Errorf("the good signal is refused: %v", err)
	}
	if err := s.Reader.Check(s.Wrong); err == nil {
		t.Error("the wrong signal is taken")
	}
}

func readsNothingAfterItsEnd(t *testing.T, s Stage) {
	s.read(t)
	if err := s.Reader.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
	s.missing(t, s.read(t))
}
