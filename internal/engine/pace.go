package engine

import (
	"time"

	"cutover/internal/release"
)

const (
	// paceSpan is the time whose requests are counted, paceLeast how much of it
	// has to have passed before anything is said.
	paceSpan  = time.Minute
	paceLeast = 10 * time.Second
)

// pace is how many requests of users each side has had lately.
type pace struct {
	epoch string
	// marks are counts about a second apart, oldest first; now is the latest.
	marks []mark
	now   mark
}

type mark struct {
	at       time.Time
	requests release.Sides[uint64]
}

// look takes in the front's counters. Counters that started anew begin it again.
func (p *pace) look(at time.Time, t release.Traffic) {
	now := mark{at, release.Sides[uint64]{Blue: t.Sides.Blue.Users.Requests, Green: t.Sides.Green.Users.Requests}}
	if t.Epoch != p.epoch || now.requests.Blue < p.now.requests.Blue || now.requests.Green < p.now.requests.Green || at.Before(p.now.at) {
		p.epoch, p.marks = t.Epoch, nil
	}
	p.now = now
	if n := len(p.marks); n == 0 || at.Sub(p.marks[n-1].at) >= time.Second {
		p.marks = append(p.marks, now)
	}
	for len(p.marks) > 1 && at.Sub(p.marks[1].at) >= paceSpan {
		p.marks = p.marks[1:]
	}
}

// perMinute returns the requests of each side in a minute, and false while too
// little time has passed.
func (p *pace) perMinute() (release.Sides[float64], bool) {
	if len(p.marks) == 0 {
		return release.Sides[float64]{}, false
	}
	first := p.marks[0]
	took := p.now.at.Sub(first.at)
	if took < paceLeast {
		return release.Sides[float64]{}, false
	}
	in := func(now, then uint64) float64 { return float64(now-then) / took.Minutes() }
	return release.Sides[float64]{Blue: in(p.now.requests.Blue, first.requests.Blue), Green: in(p.now.requests.Green, first.requests.Green)}, true
}
