package release

import (
	"fmt"
	"time"
)

// WayBack says whether and how a release can be taken back from here.
type WayBack struct {
	Possible bool `json:"possible"`
	// Until is when the way back ends by itself, if that is known.
	Until time.Time `json:"until,omitzero"`
	// By names the manner: "traffic flip" (the old instances still run),
	// "restart" (they have to be started again) or "nothing to undo".
	By string `json:"by"`
	// About is how long it takes until nothing new reaches the new version:
	// measured where possible, else the bound the plan allows.
	About time.Duration `json:"about"`
}

// Back computes the way back from a state.
func Back(s State) WayBack {
	if (s.NoReturn || s.Phase == Done) && s.Plan.First() {
		return WayBack{By: "none: nothing served before it"}
	}
	if s.NoReturn || s.Phase == Done {
		return WayBack{By: fmt.Sprintf("none: %s was retired", s.Plan.From.Version)}
	}
	if s.Phase == Withdrawing || s.Phase == Compared {
		return WayBack{By: "nothing to undo: it never had users"}
	}
	if !s.Phase.Reversible() {
		return WayBack{By: "it is being taken back, or has been"}
	}
	b := WayBack{Possible: true, By: "nothing to undo"}
	switch {
	case s.Phase == Standby:
		b.Until = s.EnteredAt.Add(s.Plan.Standby)
	case (s.Plan.Standby == 0 || s.Plan.First()) && s.Phase == Soaking && s.Held:
		b.Until = s.HeldAt.Add(s.Plan.soakHold().AtLeast)
	}
	if s.Plan.Strategy == Restore && (s.Exchanging || s.Phase == Restoring) {
		b.By, b.About = "restart", max(s.ReadyTook, time.Second)
		return b
	}
	if s.Phase.carries() && !s.Plan.shadowOnly() {
		b.By, b.About = "traffic flip", time.Second
		if missing := s.Plan.Replicas - s.Plan.oldAt(s.oldStep()); missing > 0 && !s.Plan.First() {
			b.By, b.About = "restart", max(s.ReadyTook, time.Second)
		}
	}
	return b
}

// oldStep is the step whose number of old instances the phase keeps.
func (s State) oldStep() int {
	if s.Phase == Shifting {
		return s.Step
	}
	return s.Plan.stepCount() - 1
}

// String says it in a sentence.
func (b WayBack) String() string {
	if !b.Possible {
		return "not reversible (" + b.By + ")"
	}
	if b.By == "nothing to undo" {
		return "reversible: no traffic has moved yet"
	}
	until := "until it is retired"
	if !b.Until.IsZero() {
		until = "until " + b.Until.UTC().Format("2006-01-02 15:04:05 UTC")
	}
	return fmt.Sprintf("reversible %s, by %s, in about %s", until, b.By, Span(b.About.Round(100*time.Millisecond)))
}
