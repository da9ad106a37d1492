package signal

import (
	"errors"
	"fmt"
	"time"
)

// Set is all that a release is judged by beside its requests. It is plain
// data, made from a release file and pinned with the plan.
type Set struct {
	// Every is the pause between two readings of a signal.
	Every      time.Duration `json:"every"`
	Signals    []Signal      `json:"signals,omitempty"`
	Conditions []Condition   `json:"conditions,omitempty"`
}

// Condition is a sentence of the user's own, in CEL, that must be true.
type Condition struct {
	Name string `json:"name"`
	// Expression is what must hold.
	Expression string `json:"expression"`
	// Otherwise says what follows if it does not.
	Otherwise Otherwise `json:"otherwise"`
}

// Otherwise is what follows if a condition does not hold.
type Otherwise string

// What follows: the release stands still, or goes back.
const (
	Hold     Otherwise = "hold"
	TakeBack Otherwise = "rollback"
)

// Empty reports whether nothing is watched.
func (s Set) Empty() bool { return len(s.Signals) == 0 && len(s.Conditions) == 0 }

// Check returns what is wrong with the set, nil for nothing. The expressions
// themselves are judged by package condition.
func (s Set) Check() error {
	var wrong []error
	if !s.Empty() && s.Every <= 0 {
		wrong = append(wrong, fmt.Errorf("every is %v: give the pause between two readings, such as 5s", s.Every))
	}
	names := map[string]bool{}
	for _, one := range s.Signals {
		if err := errors.Join(one.Check(), one.checkPace(s.Every)); err != nil {
			wrong = append(wrong, fmt.Errorf("signal %s: %w", one.Name, err))
		}
		if names[one.Name] {
			wrong = append(wrong, fmt.Errorf("two signals are called %s", one.Name))
		}
		names[one.Name] = true
	}
	for _, c := range s.Conditions {
		if c.Otherwise != Hold && c.Otherwise != TakeBack {
			wrong = append(wrong, fmt.Errorf("condition %s: otherwise is %q: write hold or rollback", c.Name, c.Otherwise))
		}
	}
	return errors.Join(wrong...)
}

// checkPace says whether the times suit the pause between readings.
func (s Signal) checkPace(every time.Duration) error {
	const most = 200
	switch {
	case every <= 0:
		return nil
	case s.Stale < 2*every:
		return fmt.Errorf("a reading is too old after %s, but there is one only every %s: give stale at least %s", s.Stale, every, 2*every)
	case s.For > most*every || s.Window > most*every:
		return fmt.Errorf("for and window may be at most %s, %d readings", most*every, most)
	case s.Shape.grows() && s.Window < every:
		return fmt.Errorf("the window of %s is shorter than the %s between two readings", s.Window, every)
	}
	return nil
}
