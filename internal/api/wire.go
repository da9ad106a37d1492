package api

import (
	"time"

	"cutover/internal/engine"
	"cutover/internal/release"
)

// Info says who answers.
type Info struct {
	Version string `json:"version"`
	PID     int    `json:"pid"`
	// StateDir is the folder with everything this controller keeps.
	StateDir string `json:"stateDir"`
	// Leading says whether it is in charge, and Generation since which
	// change of hands.
	Leading    bool      `json:"leading"`
	Generation uint64    `json:"generation"`
	Since      time.Time `json:"since"`
}

// Files names what a plan is made from: absolute paths on this machine.
type Files struct {
	Paths []string `json:"paths"`
	// Release picks one if the files have several.
	Release string `json:"release,omitempty"`
}

// Deployed is the answer to a deployment.
type Deployed struct {
	Release string `json:"release"`
	// Resumed says that this very release was recorded before and goes on.
	Resumed bool `json:"resumed"`
	// Differs says that the files ask for something else by now than what was
	// recorded then; the release goes on as it was recorded.
	Differs bool `json:"differs,omitempty"`
	// After is the last journal record before it.
	After int64 `json:"after"`
}

// Ask goes with a verb.
type Ask struct {
	Reason string `json:"reason,omitempty"`
}

// AllowVersion lifts the rejection of a version.
type AllowVersion struct {
	Version string `json:"version"`
	Reason  string `json:"reason,omitempty"`
}

// Line is one journal record as people and programs read it.
type Line struct {
	Seq     int64     `json:"seq"`
	At      time.Time `json:"at"`
	App     string    `json:"app"`
	Release string    `json:"release,omitempty"`
	Actor   string    `json:"actor"`
	Type    string    `json:"type"`
	// Text says the event in a sentence.
	Text string `json:"text"`
	Hash string `json:"hash"`
	// Verdict is the one that the record is about, with all its evidence; nil
	// for any other record.
	Verdict *release.Verdict `json:"verdict,omitempty"`
	// Event is the event itself.
	Event release.Event `json:"-"`
}

// Failure is the body of every answer that is not 2xx.
type Failure struct {
	Error string `json:"error"`
	// Kind is "usage" (the request is at fault), "refused" (it makes no sense
	// now), "unknown" (no such thing) or "failed" (the controller is at fault).
	Kind string `json:"kind"`
}

// View is what the engine says of a release.
type View = engine.View
