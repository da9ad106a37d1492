package config

import (
	"time"

	"cutover/internal/release"
)

// Waiting bounds how requests wait while no instance can take them.
type Waiting struct {
	// How long a request may wait for an instance before it is answered with 503; 0 answers at once.
	AtMost Duration `json:"atMost,omitempty" jsonschema:"default=10s"`
	// How many requests may wait at a time for the instances of one side; one more is answered at once.
	Requests int `json:"requests,omitempty" jsonschema:"default=1000,minimum=1,maximum=100000"`
}

// longestWait is less than most clients are ready to wait.
const longestWait = Duration(5 * time.Minute)

func (w Waiting) validate(tell report) {
	if w.AtMost > longestWait {
		tell("atMost", w.AtMost.String()+" is longer than clients wait", "write at most "+longestWait.String())
	}
}

func (w Waiting) resolve() release.Holding {
	if w.AtMost <= 0 {
		return release.Holding{}
	}
	return release.Holding{AtMost: time.Duration(w.AtMost), Requests: w.Requests}
}
