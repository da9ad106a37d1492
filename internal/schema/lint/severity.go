package lint

import (
	"fmt"
	"slices"
)

// Severity says how bad it is to run a statement as it stands.
type Severity int

// The severities, from the harmless up.
const (
	// Note is worth knowing and stops nothing.
	Note Severity = iota + 1
	// Care needs somebody to look: it hurts under circumstances that the text
	// does not show.
	Care
	// Danger blocks users, breaks the code that still runs, or loses data.
	Danger
)

var severities = []string{Note: "note", Care: "care", Danger: "danger"}

// String returns the severity's word.
func (s Severity) String() string {
	if s < Note || s > Danger {
		return fmt.Sprintf("severity %d", int(s))
	}
	return severities[s]
}

// MarshalText writes the severity's word.
func (s Severity) MarshalText() ([]byte, error) {
	if s < Note || s > Danger {
		return nil, fmt.Errorf("write severity: there is no severity %d", int(s))
	}
	return []byte(severities[s]), nil
}

// UnmarshalText reads the severity's word.
func (s *Severity) UnmarshalText(text []byte) error {
	i := slices.Index(severities, string(text))
	if i < int(Note) {
		return fmt.Errorf("read severity: %q is none of note, care, danger", text)
	}
	*s = Severity(i)
	return nil
}
