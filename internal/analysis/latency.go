package analysis

import (
	"math"
	"time"
)

const (
	// The bets are made from leastBasis requests of the old version at least,
	// and anew each rebuildEvery, or when there is twice as much to make them
	// from; basisKeep of the old is kept then, so that they follow the day.
	leastBasis   = 500
	rebuildEvery = time.Minute
	basisKeep    = 0.9
	// latencySlow is one over the part of the wealth dealt anew in the first
	// latencySpan.
	latencySlow = 1000
	latencySpan = 2 * time.Second
)

// Basis is what the old version did before: the bets on latencies are made
// from it, and never from the bucket that they are put on.
type Basis struct {
	// Gathering grows; Used is what the present bets were made from at Made.
	Gathering Histogram `json:"gathering,omitempty"`
	Used      Histogram `json:"used,omitempty"`
	Made      time.Time `json:"made,omitzero"`

	bets *latencyBets // made from Used when needed
}

// learn takes in a bucket of the old version, after it has been bet on.
func (b *Basis) learn(at time.Time, old Histogram) {
	b.Gathering = b.Gathering.plus(old)
	n, used := b.Gathering.Total(), b.Used.Total()
	if n < leastBasis || n < 2*used && at.Sub(b.Made) < rebuildEvery {
		return
	}
	b.Used, b.Made, b.bets = append(Histogram(nil), b.Gathering...), at, nil
	for k := range b.Gathering {
		b.Gathering[k] *= basisKeep
	}
}

// ready says whether there are bets yet.
func (b *Basis) ready() bool { return len(b.Used) > 0 }

func (b *Basis) made() *latencyBets {
	if b.bets == nil {
		b.bets = newLatencyBets(b.Used)
	}
	return b.bets
}

// latencies bets on how the new version's latencies lie among the old one's.
// Both histograms must not be empty.
func (w *Wealth) latencies(b *latencyBets, old, fresh Histogram, took time.Duration) {
	share := fresh.Total() / (fresh.Total() + old.Total())
	var logs [latencyBetCount + 1]float64
	for k := range max(len(old), len(fresh)) {
		c, all := 0.0, 0.0
		if k < len(fresh) {
			c, all = fresh[k], fresh[k]
		}
		if k < len(old) {
			all += old[k]
		}
		if all == 0 {
			continue
		}
		for i := range latencyBetCount {
			logs[i] += c*b.log[i][k] - all*math.Log1p(share*(b.ratio[i][k]-1))
		}
	}
	w.bet(latencyPrior, logs[:], took.Seconds()/latencySpan.Seconds(), latencySlow)
}
