package release

import (
	"fmt"
	"time"
)

// Switched is what a person asked for: a flag off, or on again. It belongs to
// the app and stands in the release that serves, or is under way, at the time.
type Switched struct {
	Flag string `json:"flag"`
	// Only is the part of the app that it is about.
	Only   FlagScope `json:"only,omitzero"`
	Off    bool      `json:"off"`
	Reason string    `json:"reason,omitempty"`
}

// FlagIntended is written before the app is told of a flag.
type FlagIntended struct {
	// Key is the idempotency key, "release/seq".
	Key  string    `json:"key"`
	Flag Flag      `json:"flag"`
	Only FlagScope `json:"only,omitzero"`
	Off  bool      `json:"off"`
}

// FlagFinished is written after the app was told of a flag, or could not be.
type FlagFinished struct {
	Key  string    `json:"key"`
	Flag string    `json:"flag"`
	Only FlagScope `json:"only,omitzero"`
	Off  bool      `json:"off"`
	// Error is empty for success.
	Error string `json:"error,omitempty"`
	// Canceled says that it was given up because something else is wanted by now.
	Canceled bool          `json:"canceled,omitempty"`
	Took     time.Duration `json:"took"`
}

// The names under which the events stand in the journal.
func (Switched) Name() string     { return "switched" }
func (FlagIntended) Name() string { return "flag-intended" }
func (FlagFinished) Name() string { return "flag-finished" }

// OnOff words the state of a flag.
func OnOff(off bool) string {
	if off {
		return "off"
	}
	return "on"
}

func (s Switched) sentence() string {
	text := fmt.Sprintf("flag %s switched %s%s", s.Flag, OnOff(s.Off), s.Only.For())
	if s.Reason != "" {
		text += ": " + s.Reason
	}
	return text
}

func (f FlagIntended) sentence() string {
	return fmt.Sprintf("flag %s %s%s, by %s ...", f.Flag.Name, OnOff(f.Off), f.Only.For(), f.Flag.Way())
}

func (f FlagFinished) sentence() string {
	what, took := fmt.Sprintf("flag %s %s%s", f.Flag, OnOff(f.Off), f.Only.For()), f.Took.Round(time.Millisecond)
	switch {
	case f.Canceled:
		return what + " given up"
	case f.Error != "":
		return fmt.Sprintf("%s failed after %s: %s", what, took, f.Error)
	}
	return fmt.Sprintf("%s: the app was told in %s", what, took)
}
