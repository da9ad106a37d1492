package analysis

import (
	"math"
	"time"
)

// The bets against "the new version's rate exceeds the old one's by the
// margin": that it lies lower by these parts of the margin. The last sleeps, so
// that a bad moment that is over does not weigh for ever.
var (
	marginParts    = [...]float64{1, 0.75, 0.5}
	promotionPrior = []float64{0.3, 0.3, 0.3, 0.1}
)

const (
	// recentSpan is how fast the recent rates forget, rateSpan the same for
	// requests per second.
	recentSpan = time.Minute
	rateSpan   = 10 * time.Second
	// leastRate stands for "never" among the rates bet on, as a part of the
	// rate claimed, so that one bad request does not end a bet for good.
	leastRate = 1. / 50
)

// Promotion is the test that lets a release go on: the mirror of the one that
// takes it back. It begins anew with every step.
type Promotion struct {
	Step   int    `json:"step"`
	Wealth Wealth `json:"wealth"`
	// Margin is the one of the latest bucket, a share.
	Margin float64 `json:"margin"`
}

// bet takes in a bucket of the new version; base is the old one's rate as
// known before it.
func (p *Promotion) bet(fresh Count, base, margin float64) {
	p.Margin = margin
	claimed := min(base+margin, 0.999)
	var rates [len(marginParts)]float64
	var logs [len(marginParts) + 1]float64
	for i, part := range marginParts {
		rates[i] = max(claimed-part*margin, claimed*leastRate)
	}
	rateLogs(logs[:], fresh.Bad, fresh.Requests, claimed, rates[:])
	p.Wealth.bet(promotionPrior, logs[:], fresh.Bad, oddsSlow)
}

// missing estimates how many good requests of the new version it still takes
// to reach needed, a logarithm.
func (p *Promotion) missing(base, needed float64) float64 {
	claimed := min(base+p.Margin, 0.999)
	lowest := max(claimed-p.Margin, claimed*leastRate)
	gain := math.Log1p(-lowest) - math.Log1p(-claimed)
	if p.Margin <= 0 || gain <= 0 {
		return 0
	}
	return math.Ceil(max(0, needed-p.Wealth.Log) / gain)
}

// Recent forgets exponentially what each version did.
type Recent struct {
	OldRequests float64 `json:"oldRequests"`
	OldBad      float64 `json:"oldBad"`
	NewRequests float64 `json:"newRequests"`
	NewBad      float64 `json:"newBad"`
	// PerSecond is how many requests both versions get.
	PerSecond float64 `json:"perSecond"`
}

func (r *Recent) add(old, fresh Count, took time.Duration) {
	keep := math.Exp(-took.Seconds() / recentSpan.Seconds())
	r.OldRequests, r.OldBad = r.OldRequests*keep+old.Requests, r.OldBad*keep+old.Bad
	r.NewRequests, r.NewBad = r.NewRequests*keep+fresh.Requests, r.NewBad*keep+fresh.Bad
	if took <= 0 {
		return
	}
	now, weight := (old.Requests+fresh.Requests)/took.Seconds(), -math.Expm1(-took.Seconds()/rateSpan.Seconds())
	if r.PerSecond == 0 {
		weight = 1
	}
	r.PerSecond += weight * (now - r.PerSecond)
}

// rate returns bad as a share of all, 0 for none.
func rate(bad, all float64) float64 {
	if all <= 0 {
		return 0
	}
	return bad / all
}
