package signal

import (
	"fmt"
	"math"
	"time"
)

// Reading is what a source said of one side, or of one instance of it, at one
// moment; or why it said nothing.
type Reading struct {
	Side Side `json:"side"`
	// Instance tells readings of one side apart: each has counters of its own.
	Instance string    `json:"instance,omitempty"`
	At       time.Time `json:"at"`
	// Value is the number; Of is the whole it is a part of, for a Share or
	// what is Counted.
	Value float64 `json:"value"`
	Of    float64 `json:"of,omitempty"`
	// Epoch changes when the instance's counters start anew.
	Epoch string `json:"epoch,omitempty"`
	// Missing says why there is no number, "" if there is one.
	Missing string `json:"missing,omitempty"`
}

// Missing is a reading without a number. The reason must not hold a secret.
func Missing(side Side, instance string, at time.Time, format string, args ...any) Reading {
	return Reading{Side: side, Instance: instance, At: at, Missing: fmt.Sprintf(format, args...)}
}

// skew is how far the clock of a source may be ahead of ours.
const skew = 5 * time.Second

// sound returns the reading, with the reason in Missing if it cannot be right.
func (r Reading) sound(s Signal, now time.Time) Reading {
	counter := s.Shape.grows()
	switch {
	case r.Missing != "":
	case math.IsNaN(r.Value) || math.IsInf(r.Value, 0):
		r.Missing = "the value is not a number"
	case math.IsNaN(r.Of) || math.IsInf(r.Of, 0):
		r.Missing = "the whole is not a number"
	case counter && (r.Value < 0 || r.Of < 0):
		r.Missing = "a counter is below 0"
	case r.At.IsZero():
		r.Missing = "the reading has no time"
	case r.At.Sub(now) > skew:
		r.Missing = fmt.Sprintf("the reading is of %s from now: the clocks differ", span(r.At.Sub(now)))
	case s.Shape == Share && r.Of == 0:
		r.Missing = "the whole is 0: nothing to divide by"
	case s.Shape == Share && (r.Of < 0 || r.Value < 0):
		r.Missing = "a part or its whole is below 0"
	}
	if r.Missing != "" {
		// No number that cannot be right is kept, nor put into JSON.
		r.Value, r.Of = 0, 0
	}
	return r
}

// name says which instance it is, for a sentence.
func (r Reading) name() string {
	if r.Instance == "" {
		return "the source"
	}
	return r.Instance
}

// Unread returns the readings of a signal that could not be read at all: one
// of each side that is expected, with the reason.
func Unread(s Signal, of Subject, at time.Time, format string, args ...any) []Reading {
	if s.Shared {
		return []Reading{Missing(Shared, "", at, format, args...)}
	}
	var list []Reading
	of.Each(func(side Side, _ Party) { list = append(list, Missing(side, "", at, format, args...)) })
	return list
}
