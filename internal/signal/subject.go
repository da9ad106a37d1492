package signal

import (
	"strings"
	"time"
)

// Subject is what is watched: both parties of a release as they run now.
type Subject struct {
	App string `json:"app"`
	// Old serves, New comes in. A New without a version is not there yet:
	// what is read then belongs to the baseline.
	Old Party `json:"old"`
	New Party `json:"new"`
}

// Party is one side of a release.
type Party struct {
	// Label is the side's name, blue or green.
	Label     string     `json:"label"`
	Version   string     `json:"version"`
	Instances []Instance `json:"instances,omitempty"`
	// Served counts the requests that the side has answered, for signals by
	// request; Epoch changes when it starts anew, and At is when it was
	// counted. With a zero At it is not known.
	Served float64   `json:"served,omitempty"`
	Epoch  string    `json:"epoch,omitempty"`
	At     time.Time `json:"at,omitzero"`
}

// Instance is one running copy of a version and where it can be looked at.
// What is not known is left out.
type Instance struct {
	ID string `json:"id"`
	// Addr is host:port, where it takes requests.
	Addr string `json:"addr,omitempty"`
	// Pid is the process it was started as, 0 if it is not on this machine.
	Pid int `json:"pid,omitempty"`
	// Log is the file it writes its output to.
	Log string `json:"log,omitempty"`
}

// Here reports whether the party takes part yet.
func (p Party) Here() bool { return p.Version != "" }

// Each calls visit with the parties that take part.
func (s Subject) Each(visit func(Side, Party)) {
	if s.Old.Here() {
		visit(Old, s.Old)
	}
	if s.New.Here() {
		visit(New, s.New)
	}
}

// The placeholders that a query may have.
var placeholders = []string{"{{app}}", "{{side}}", "{{version}}"}

// Fill replaces the placeholders {{app}}, {{side}} and {{version}}.
func (s Subject) Fill(text string, p Party) string {
	return strings.NewReplacer(placeholders[0], s.App, placeholders[1], p.Label, placeholders[2], p.Version).Replace(text)
}

// BySide reports whether the text differs from side to side.
func BySide(text string) bool {
	return strings.Contains(text, placeholders[1]) || strings.Contains(text, placeholders[2])
}
