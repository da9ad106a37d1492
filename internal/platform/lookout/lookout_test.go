package lookout_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"cutover/internal/platform/lookout"
	"cutover/internal/release"
)

// Every test is played in a bubble: how long a disk takes is nobody's time, so
// that no answer comes too late for Look.

// clock is one that a test puts forward.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func newClock() *clock { return &clock{at: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)} }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// asked is an instance whose answers a test chooses.
type asked struct {
	mu  sync.Mutex
	err error
	n   atomic.Int64
}

func (a *asked) answers(err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.err = err
}

// as is the instance in one of its lives, asked every second; two failures
// cost its readiness.
func (a *asked) as(run string) lookout.Subject {
	return lookout.Subject{Key: "shop/green-1", Run: run, Health: release.Health{Every: time.Second, Failures: 2}, Ask: func(context.Context) error {
		a.n.Add(1)
		a.mu.Lock()
		defer a.mu.Unlock()
		return a.err
	}}
}

var errSick = errors.New("the database is away")

// notes are the files of a folder.
func notes(t *testing.T, folder string) int {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(folder, "*.ready"))
	if err != nil {
		t.Fatal(err)
	}
	return len(found)
}

func TestAnInstanceIsAskedNoOftenerThanItsHealthSays(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		dir, c := t.TempDir(), newClock()
		l, a := &lookout.Lookout{Folder: dir, Now: c.now}, &asked{}
		for range 30 {
			if seen := l.Look(t.Context(), a.as("1")); !seen.Ready {
				t.Fatalf("%+v", seen)
			}
			c.pass(100 * time.Millisecond)
		}
		if n := a.n.Load(); n != 3 {
			t.Errorf("asked %d times in 3 s", n)
		}
	})
}

func TestReadinessIsKeptForTheNextControllerAndLostWithTheRun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		dir, c := t.TempDir(), newClock()
		a := &asked{}
		first := &lookout.Lookout{Folder: dir, Now: c.now}
		since := first.Look(t.Context(), a.as("1")).Since
		if since.IsZero() || notes(t, dir) != 1 {
			t.Fatalf("ready since %s, %d notes", since, notes(t, dir))
		}
		c.pass(time.Minute)
		a.answers(errSick)
		// One failed probe in the first look of another controller costs nothing.
		second := &lookout.Lookout{Folder: dir, Now: c.now}
		if seen := second.Look(t.Context(), a.as("1")); !seen.Ready || !seen.Since.Equal(since) || seen.Detail == "" {
			t.Errorf("another controller sees %+v, ready since %s", seen, since)
		}
		// A new run has to show anew that it is ready.
		if seen := second.Look(t.Context(), a.as("2")); seen.Ready || seen.Detail != errSick.Error() {
			t.Errorf("the next run is seen as %+v", seen)
		}
		a.answers(nil)
		c.pass(time.Second)
		if seen := second.Look(t.Context(), a.as("2")); !seen.Ready || !seen.Since.After(since) {
			t.Errorf("the next run, when it answers, is seen as %+v", seen)
		}
	})
}

func TestLostReadinessIsForgottenByTheNextControllerToo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		dir, c := t.TempDir(), newClock()
		a, l := &asked{}, &lookout.Lookout{Folder: dir, Now: c.now}
		l.Look(t.Context(), a.as("1"))
		a.answers(errSick)
		for _, ready := range []bool{true, false} {
			c.pass(time.Second)
			if seen := l.Look(t.Context(), a.as("1")); seen.Ready != ready {
				t.Errorf("%+v, want ready %v", seen, ready)
			}
		}
		if n := notes(t, dir); n != 0 {
			t.Errorf("%d notes are left", n)
		}
		if seen := (&lookout.Lookout{Folder: dir, Now: c.now}).Look(t.Context(), a.as("1")); seen.Ready {
			t.Errorf("another controller sees %+v", seen)
		}
	})
}

func TestAnAnswerThatDoesNotComeHoldsNobodyUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		l, letGo := &lookout.Lookout{Folder: dir, Now: time.Now}, make(chan struct{})
		s := lookout.Subject{Key: "shop/green-1", Run: "1", Ask: func(context.Context) error { <-letGo; return nil }}
		began := time.Now()
		if seen := l.Look(t.Context(), s); seen.Ready || seen.Detail == "" {
			t.Errorf("%+v", seen)
		}
		if took := time.Since(began); took != lookout.Patience {
			t.Errorf("it took %s", took)
		}
		close(letGo)
		if seen := l.Look(t.Context(), s); !seen.Ready {
			t.Errorf("when the answer is there: %+v", seen)
		}
	})
}

func TestWhatIsForgottenLeavesNoNote(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		l, a := &lookout.Lookout{Folder: dir, Now: time.Now}, &asked{}
		other := lookout.Subject{Key: "shop/green-2", Run: "1", Ask: func(context.Context) error { return nil }}
		l.Look(t.Context(), a.as("1"))
		l.Look(t.Context(), other)
		for range 2 { // again is harmless
			if err := l.Forget("shop/green-1"); err != nil {
				t.Fatal(err)
			}
			if n := notes(t, dir); n != 1 {
				t.Errorf("%d notes are left", n)
			}
		}
		a.answers(errSick)
		if seen := l.Look(t.Context(), a.as("1")); seen.Ready {
			t.Errorf("what was forgotten is seen as %+v", seen)
		}
	})
}

func TestANoteThatIsDamagedOrAnothersIsNotBelieved(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		a := &asked{}
		(&lookout.Lookout{Folder: dir, Now: time.Now}).Look(t.Context(), a.as("1"))
		found, err := filepath.Glob(filepath.Join(dir, "*.ready"))
		if err != nil || len(found) != 1 {
			t.Fatalf("%v, %v", found, err)
		}
		a.answers(errSick)
		for _, text := range []string{`{"key":"shop/gre`, `{"key":"another","run":"1","since":"2026-01-02T03:04:05Z"}`, `{"key":"shop/green-1","run":"0","since":"2026-01-02T03:04:05Z"}`} {
			if err := os.WriteFile(found[0], []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			if seen := (&lookout.Lookout{Folder: dir, Now: time.Now}).Look(t.Context(), a.as("1")); seen.Ready {
				t.Errorf("%s: %+v", text, seen)
			}
		}
	})
}
