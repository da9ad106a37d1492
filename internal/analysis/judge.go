package analysis

import (
	"math"
	"time"
)

const (
	// Without an old version beside it the new one is compared with what the
	// old one did before: leastRecord requests of it at least, at aloneRatio
	// times its rate, and at leastAlone at least, since times differ too.
	leastRecord = 1000
	aloneRatio  = 3
	leastAlone  = 0.01
	// mostShare keeps a bucket in which the new version had nearly all the
	// requests within what can be computed with.
	mostShare = 0.999999
)

// Judge goes on with the test s by one look and returns where it stands. The
// settings must have passed Check and stay the same for the whole test. Looks
// may come at any time and as often as one likes.
func (c Settings) Judge(s *State, l Look) Assessment {
	s.prepare(c)
	l.Weight, l.Next = share(l.Weight), share(l.Next)
	s.Split.follow(l.At, l.Weight, c.Settle)
	s.Looks, s.At = s.Looks+1, l.At
	for i, sig := range c.Signals {
		s.Signals[i].look(sig, c, s.Split, l)
	}
	return c.assess(s)
}

// look takes in what the look says of one signal.
func (s *SignalState) look(sig Signal, c Settings, split Split, l Look) {
	if s.Better.Step != l.Step {
		s.Better = Promotion{Step: l.Step}
	}
	b := s.growth(sig, c, l)
	if b.filling {
		return
	}
	if b.why == "" {
		b.why = b.wrong(sig, s)
	}
	if s.Note = b.why; s.Note != "" {
		s.Open = Block{}
		return
	}
	if s.First.IsZero() && b.new.Requests > 0 {
		s.First = b.began
	}
	s.Alone = l.Weight == 1 && b.old.Requests == 0 && b.new.Requests > 0
	if cold := sig.Skip > 0 && !s.First.IsZero() && b.began.Before(s.First.Add(sig.Skip)); !cold {
		s.weigh(sig, c, split, l, b)
	}
	s.Old, s.New = s.Old.plus(b.old), s.New.plus(b.new)
	s.OldRequests, s.NewRequests = s.OldRequests+b.old.Requests, s.NewRequests+b.new.Requests
	s.Basis.learnFrom(sig, b)
}

// weigh puts the bets on one bucket.
func (s *SignalState) weigh(sig Signal, c Settings, split Split, l Look, b bucket) {
	if sig.Kind == Latency {
		if !b.began.Before(split.Until) {
			s.weighLatency(sig, b)
		}
		return
	}
	if sig.Limit > 0 {
		s.Limits.bet(sig.Limit, b.old, b.new, evidence(c.Pause))
	}
	switch {
	case s.Alone:
		s.weighAlone(sig, b)
	case sig.Unit == ByBlock:
		s.weighBlock(sig, split, l, b)
	case comparable(l, b.old, b.new):
		s.weighCounts(sig, split, l, b)
	}
	if sig.Promotes && !s.outage(sig, c) {
		s.promote(sig, c, l, b)
	}
	s.Recent.add(b.old, b.new, b.took())
}

func (s *SignalState) outage(sig Signal, c Settings) bool {
	return sig.Limit > 0 && s.Limits.both(evidence(c.Pause))
}

// comparable says whether there is a share to compare by: one that is known, or
// requests of both versions to measure it.
func comparable(l Look, old, fresh Count) bool {
	return l.dealt() || old.Requests > 0 && fresh.Requests > 0
}

// weighBlock gathers buckets and compares the two versions' bad requests when
// the block is long enough. It takes in all buckets: to leave out those without
// a request of the new version would leave out errors of the old one only.
func (s *SignalState) weighBlock(sig Signal, split Split, l Look, b bucket) {
	s.Open.add(b.began, b.old, b.new)
	if b.at.Sub(s.Open.Began) < sig.Block {
		return
	}
	if comparable(l, s.Open.Old, s.Open.New) {
		s.Worse.settle(s.Open, s.share(s.Open.Old, s.Open.New, l, split.least(s.Open.Began)), sig.Ratio)
	}
	s.Open = Block{}
}

// weighCounts compares the two versions' bad requests within the bucket.
func (s *SignalState) weighCounts(sig Signal, split Split, l Look, b bucket) {
	fresh, old := b.new.Bad, b.old.Bad
	if sig.Unit == ByClient {
		fresh, old = b.new.BadClients, b.old.BadClients
	}
	if fresh+old == 0 {
		return
	}
	share := s.share(b.old, b.new, l, split.least(b.began))
	s.Worse.odds(s.stakes.at(share, sig.Ratio), fresh, old)
}

// share is the part of the bad requests that the new version may have: one
// that is too high is on the safe side, so of several the highest counts.
func (s *SignalState) share(old, fresh Count, l Look, least float64) float64 {
	share := fresh.Requests / (fresh.Requests + old.Requests)
	if l.dealt() {
		share = max(l.Weight, s.leastShare())
	}
	if old.Clients > 0 && fresh.Clients > 0 {
		share = max(share, fresh.Clients/(fresh.Clients+old.Clients))
	}
	return min(max(share, least), mostShare)
}

// leastShare is the share that the new version has surely had at the present
// weight: three deviations below the measured one. It is above the weight only
// if the front does not do what it says.
func (s *SignalState) leastShare() float64 {
	n := s.OldRequests + s.NewRequests + 2
	p := (s.NewRequests + 1) / n // not certain, however few there have been
	return p - 3*math.Sqrt(p*(1-p)/n)
}

// weighAlone compares with the old version's record. That is weaker evidence:
// the times may have changed, not the version.
func (s *SignalState) weighAlone(sig Signal, b bucket) {
	if s.Old.Requests < leastRecord {
		return
	}
	claimed := between(aloneRatio*sig.Ratio*rate(s.Old.Bad, s.Old.Requests), leastAlone, 0.9)
	bad := b.new.Bad
	if sig.Unit == ByClient {
		bad = b.new.BadClients
	}
	s.Worse.above(claimed, bad, b.new.Requests)
}

func (s *SignalState) weighLatency(sig Signal, b bucket) {
	if !s.Basis.ready() || b.old.Latency.Total() == 0 || b.new.Latency.Total() == 0 {
		return
	}
	fresh := b.new.Latency
	if sig.Ratio > 1 {
		fresh = fresh.lower(perDoubling * math.Log2(sig.Ratio))
	}
	s.Worse.latencies(s.Basis.made(), b.old.Latency, fresh, b.took())
}

func (b *Basis) learnFrom(sig Signal, k bucket) {
	if sig.Kind == Latency && len(k.old.Latency) > 0 {
		b.learn(k.at, k.old.Latency)
	}
}

// promote takes the bucket as evidence that the new version is not worse by
// the margin. What the old version did is taken from before the bucket.
func (s *SignalState) promote(sig Signal, c Settings, l Look, b bucket) {
	margin := s.margin(sig, c, l)
	if margin == 0 || b.new.Requests == 0 {
		return
	}
	s.Better.bet(b.new, s.base(), margin)
}

// base is the old version's rate: the lower of the recent one and that of the
// whole test, so that an outage in the past excuses nothing.
func (s *SignalState) base() float64 {
	return min(rate(s.Recent.OldBad, s.Recent.OldRequests), rate(s.Old.Bad, s.Old.Requests))
}

// margin is how much worse the new version may be in the next step, a share;
// 0 if that is not known yet.
func (s *SignalState) margin(sig Signal, c Settings, l Look) float64 {
	if sig.Margin > 0 {
		return sig.Margin
	}
	if s.Recent.PerSecond == 0 {
		return 0
	}
	next := l.Next
	if next == 0 {
		next = 1
	}
	return min(c.Budget/(s.Recent.PerSecond*next), c.MostMargin)
}

// evidence is how much wealth, as a logarithm, makes errors rarer than alpha.
func evidence(alpha float64) float64 { return -math.Log(alpha) }

// reaches says whether a wealth, as a logarithm, is as much as evidence needs.
// Mostly it is not even what the gambler began with.
func reaches(log, alpha float64) bool { return log > 0 && log >= evidence(alpha) }

// Cold says until when the signal is left out because the new version is cold;
// zero if it is not.
func (s *SignalState) cold(sig Signal, now time.Time) time.Time {
	if until := s.First.Add(sig.Skip); sig.Skip > 0 && !s.First.IsZero() && now.Before(until) {
		return until
	}
	return time.Time{}
}
