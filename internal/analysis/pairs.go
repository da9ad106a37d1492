package analysis

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"time"
)

// Pairs are the settings of a test over requests that both versions get: a
// stratum of its own, which shares nothing with a test of what users met but
// the chance of an error that is dealt out between the two.
type Pairs struct {
	// Old and New are what the versions are called in words, All what is
	// counted: "requests".
	Old string `json:"old"`
	New string `json:"new"`
	All string `json:"all"`
	// Rollback, Hold, Pause and Promote are as in Settings.
	Rollback float64 `json:"rollback"`
	Hold     float64 `json:"hold"`
	Pause    float64 `json:"pause"`
	Promote  float64 `json:"promote"`
	// Block is the time whose pairs count as one: a fault of one side that is
	// over sooner is one piece of evidence, however many pairs it meets.
	Block time.Duration `json:"block"`
	// Ratio is how many times as long as the old version the new one may take;
	// 0 compares no times. Shorter times than Least are alike. Skip leaves out
	// times after the first pair, while the new version is cold.
	Ratio float64       `json:"ratio,omitempty"`
	Least time.Duration `json:"least,omitempty"`
	Skip  time.Duration `json:"skip,omitempty"`
	// Limit is the share of bad requests beyond which a version is bad whatever
	// the other does; 0 for none.
	Limit float64 `json:"limit,omitempty"`
	// Margin is how much worse, as a share, the new version may be and still go
	// on.
	Margin float64 `json:"margin"`
}

const (
	// The parts of the stake that lie on errors and on times.
	pairErrors, pairLatency = 2. / 3, 1. / 3
	// leastVoid pairs in a row that tell nothing mean that data is missing.
	leastVoid = 5
)

// Check says what is wrong with the settings, nil for nothing.
func (c Pairs) Check() error {
	for _, alpha := range [...]float64{c.Rollback, c.Hold, c.Pause, c.Promote} {
		if !(alpha > 0 && alpha < 1) {
			return fmt.Errorf("a chance of an error is %v: it is above 0 and below 1", alpha)
		}
	}
	switch {
	case c.Hold < c.Rollback:
		return errors.New("it would take more evidence to hold than to take back")
	case c.Block <= 0:
		return errors.New("pairs need the length of a block")
	case c.Ratio != 0 && !(c.Ratio >= 1 && c.Ratio < math.Inf(1)):
		return fmt.Errorf("the ratio is %v: it is 1 or more, or 0 for none", c.Ratio)
	case !(c.Limit >= 0 && c.Limit < 1):
		return fmt.Errorf("the limit is %v: it is a share, 0 or more and below 1", c.Limit)
	case !(c.Margin > 0 && c.Margin < 1):
		return fmt.Errorf("the margin is %v: it is a share, above 0 and below 1", c.Margin)
	case c.Skip < 0 || c.Least < 0:
		return errors.New("a time is below 0")
	}
	return nil
}

// Judge goes on with the test s by the pairs that have ended since the last
// call, of the given step, and returns where it stands. When the step changes,
// the evidence for going on begins anew. The settings must have passed Check
// and stay the same for the whole test.
func (c Pairs) Judge(s *PairState, step int, pairs []Pair) Assessment {
	if s.Better.Step != step {
		s.Better, s.InStep = Promotion{Step: step}, 0
	}
	s.Better.Margin = c.Margin
	for _, p := range pairs {
		s.take(c, p)
		s.Failed = s.Failed || s.against(c) >= evidence(c.Rollback)
	}
	return c.assess(s)
}

// against is the logarithm of the weighted average of both wealths.
func (s *PairState) against(c Pairs) float64 {
	if c.Ratio == 0 {
		return s.Errors.Log
	}
	best := max(s.Errors.Log, s.Latency.Log)
	return best + math.Log(pairErrors*math.Exp(s.Errors.Log-best)+pairLatency*math.Exp(s.Latency.Log-best))
}

// take puts the bets on one pair.
func (s *PairState) take(c Pairs, p Pair) {
	s.At = p.At
	if p.Void == "" && !s.told(p) {
		p.Void = fmt.Sprintf("neither version has ever answered %s well", p.Of)
	}
	if s.Why = p.Void; s.Why != "" {
		s.Void, s.InVain = s.Void+1, s.InVain+1
		return
	}
	if s.First.IsZero() {
		s.First = p.At
	}
	s.Pairs, s.InVain = s.Pairs+1, 0
	s.close(c, p.At)
	s.Open.add(c, p, p.At.Before(s.First.Add(c.Skip)))
	old, fresh := p.Old.count(), p.New.count()
	if c.Limit > 0 {
		s.Limits.bet(c.Limit, old, fresh, evidence(c.Pause))
	}
	if !s.outage(c) && !(p.Old.Bad && p.New.Bad) {
		s.promote(c, p)
	}
	if !p.New.Bad {
		s.InStep++
	}
	p.Old.addTo(&s.Old)
	p.New.addTo(&s.New)
	took := p.At.Sub(s.Last)
	if s.Last.IsZero() {
		took = 0
	}
	s.Recent.add(old, fresh, max(took, 0))
	s.Last = p.At
}

// told reports whether a pair tells of the versions: what neither has ever
// answered well is more likely a mistake in what is asked. It leaves out pairs
// only that are bad on both sides, and those are no evidence for either.
func (s *PairState) told(p Pair) bool {
	if !p.Old.Bad || !p.New.Bad {
		s.Broken = slices.DeleteFunc(s.Broken, func(name string) bool { return name == p.Of })
		if !slices.Contains(s.Answered, p.Of) {
			s.Answered = append(s.Answered, p.Of)
		}
		return true
	}
	if slices.Contains(s.Answered, p.Of) {
		return true
	}
	if !slices.Contains(s.Broken, p.Of) {
		s.Broken = append(s.Broken, p.Of)
	}
	return false
}

// close bets on the open block if it has lasted long enough. A clock that went
// back ends it too.
func (s *PairState) close(c Pairs, at time.Time) {
	lasted := at.Sub(s.Open.Began)
	if s.Open.Began.IsZero() || lasted >= 0 && lasted < c.Block {
		return
	}
	s.Errors.sides(s.Open.OnlyOld, s.Open.OnlyNew)
	s.Latency.sides(s.Open.Faster, s.Open.Slower)
	s.Open = PairBlock{}
}

func (s *PairState) outage(c Pairs) bool { return c.Limit > 0 && s.Limits.both(evidence(c.Pause)) }

// assess sums up, in the order of what follows from it.
func (c Pairs) assess(s *PairState) Assessment {
	a := Assessment{AgainstNeeded: 1 / c.Rollback, ForNeeded: 1 / c.Promote, at: s.At, old: c.Old, new: c.New}
	against := s.against(c)
	a.Against, a.For = wealthOf(against), wealthOf(s.Better.Wealth.Log)
	a.MoreRequests = s.missing(c)
	a.Signals = c.evidences(s, against)
	switch {
	case s.Failed:
		a.Finding = Failing
	case s.outage(c):
		a.Finding = BothFailing
	case against >= evidence(c.Hold):
		a.Finding = Suspicious
	case s.InVain >= leastVoid:
		a.Finding = Waiting
	case s.Better.Wealth.Log >= evidence(c.Promote):
		a.Finding = Healthy
	}
	return a
}

// evidences lists what errors and times say by themselves.
func (c Pairs) evidences(s *PairState, against float64) []Evidence {
	missing := ""
	if s.InVain >= leastVoid {
		missing = s.Why
	}
	errors := &Signal{Name: "errors", Kind: Counted, Bad: "errors", All: c.All, Limit: c.Limit, Promotes: true}
	list := []Evidence{{
		Signal: errors.Name, of: errors, Old: s.Old, New: s.New, Part: 1, Margin: c.Margin,
		Against: wealthOf(s.Errors.Log), For: wealthOf(s.Better.Wealth.Log), BothBad: s.outage(c), Missing: missing,
		RecentOld: rate(s.Recent.OldBad, s.Recent.OldRequests), RecentNew: rate(s.Recent.NewBad, s.Recent.NewRequests),
	}}
	// A signal of counts has no times of its own.
	list[0].Old.Latency, list[0].New.Latency = nil, nil
	if c.Ratio == 0 {
		return list
	}
	list[0].Part = math.Exp(s.Errors.Log + math.Log(pairErrors) - against)
	latency := &Signal{Name: "latency", Kind: Latency, All: c.All}
	old, fresh := s.Old, s.New
	old.Latency, fresh.Latency = slices.Clone(old.Latency), slices.Clone(fresh.Latency)
	e := Evidence{Signal: latency.Name, of: latency, Old: old, New: fresh, Part: 1 - list[0].Part, Against: wealthOf(s.Latency.Log), For: 1}
	if until := s.First.Add(c.Skip); !s.First.IsZero() && s.At.Before(until) {
		e.ColdUntil = until
	}
	return append(list, e)
}
