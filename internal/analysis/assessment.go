package analysis

import (
	"math"
	"time"
)

// Assessment is where a test stands after a look. Reason says it in words, which
// are to be kept beside it: they cannot be told from its JSON.
type Assessment struct {
	Finding Finding `json:"finding"`
	// Against is the evidence that the new version is worse, all signals
	// together: at AgainstNeeded it is Failing. Both are 1 for no evidence.
	Against       float64 `json:"against"`
	AgainstNeeded float64 `json:"againstNeeded"`
	// For is the evidence that it may go on, that of the signal which has
	// least: at ForNeeded it is Healthy.
	For       float64 `json:"for"`
	ForNeeded float64 `json:"forNeeded"`
	// MoreRequests is about how many good requests of the new version that
	// still takes; 0 if it does not depend on them.
	MoreRequests float64    `json:"moreRequests"`
	Signals      []Evidence `json:"signals"`

	at       time.Time
	old, new string
}

// Evidence is what one signal says.
type Evidence struct {
	Signal string `json:"signal"`
	// Old and New are what was seen of each since the test began.
	Old Count `json:"old"`
	New Count `json:"new"`
	// Against and For are those of this signal alone.
	Against float64 `json:"against"`
	For     float64 `json:"for"`
	// Part is this signal's part of the evidence against, 0..1.
	Part float64 `json:"part"`
	// Recent are the shares of bad requests of about the last minute.
	RecentOld float64 `json:"recentOld"`
	RecentNew float64 `json:"recentNew"`
	// Margin is how much worse the new version may be, a share.
	Margin float64 `json:"margin,omitempty"`
	// BothBad says that both versions are beyond the signal's limit.
	BothBad bool `json:"bothBad,omitempty"`
	// Alone says that the old version had no requests to compare with.
	Alone bool `json:"alone,omitempty"`
	// Missing says why the latest look gave no evidence, "" if it could.
	Missing string `json:"missing,omitempty"`
	// ColdUntil is until when the signal is left out, zero if it is not.
	ColdUntil time.Time `json:"coldUntil,omitzero"`

	of *Signal
}

// mostEvidence keeps the numbers within what JSON and people can take.
const mostEvidence = 1e12

// wealthOf turns a logarithm into the number that people compare.
func wealthOf(log float64) float64 {
	if log == 0 {
		return 1
	}
	return min(math.Exp(log), mostEvidence)
}

// assess sums up. Once there was enough evidence against the new version that
// stands; the evidence for it counts as it is now.
func (c Settings) assess(s *State) Assessment {
	a := Assessment{
		AgainstNeeded: 1 / c.Rollback, ForNeeded: 1 / c.Promote, at: s.At, old: c.Old, new: c.New,
		Signals: make([]Evidence, 0, len(c.Signals)),
	}
	against := c.combined(s, &a)
	a.Against = wealthOf(against)
	least, waits, both := math.Inf(1), false, false
	for i := range s.Signals {
		sig, e := &s.Signals[i], a.Signals[i]
		waits = waits || e.Missing != ""
		both = both || e.BothBad
		if c.Signals[i].Promotes {
			least = min(least, sig.Better.Wealth.Log)
			a.MoreRequests = max(a.MoreRequests, sig.Better.missing(sig.base(), evidence(c.Promote)))
		}
	}
	a.For = wealthOf(least)
	s.Failed = s.Failed || reaches(against, c.Rollback)
	switch {
	case s.Failed:
		a.Finding = Failing
	case both:
		a.Finding = BothFailing
	case reaches(against, c.Hold):
		a.Finding = Suspicious
	case waits:
		a.Finding = Waiting
	case reaches(least, c.Promote):
		a.Finding = Healthy
	}
	return a
}

// combined returns the logarithm of the weighted average of the signals'
// wealth, which is an e-process whatever the signals have to do with each
// other, and lists what each says.
func (c Settings) combined(s *State, a *Assessment) float64 {
	weights, best := 0.0, math.Inf(-1)
	for i := range s.Signals {
		weights += c.Signals[i].Weight
		best = max(best, s.Signals[i].Worse.Log)
	}
	total := 0.0
	for i := range s.Signals {
		part := c.Signals[i].Weight / weights
		if behind := s.Signals[i].Worse.Log - best; behind < 0 {
			part *= math.Exp(behind)
		}
		total += part
		a.Signals = append(a.Signals, c.evidence(&c.Signals[i], &s.Signals[i], s.At, part))
	}
	for i := range a.Signals {
		a.Signals[i].Part /= total
	}
	return best + math.Log(total)
}

func (c Settings) evidence(sig *Signal, s *SignalState, at time.Time, part float64) Evidence {
	return Evidence{
		Signal: sig.Name, of: sig, Old: s.Old, New: s.New, Part: part,
		Against: wealthOf(s.Worse.Log), For: wealthOf(s.Better.Wealth.Log),
		RecentOld: rate(s.Recent.OldBad, s.Recent.OldRequests), RecentNew: rate(s.Recent.NewBad, s.Recent.NewRequests),
		Margin: s.Better.Margin, BothBad: s.outage(*sig, c), Alone: s.Alone,
		Missing: s.Note, ColdUntil: s.cold(*sig, at),
	}
}
