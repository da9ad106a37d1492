package analysis

import "math"

// The bets on one bad request: that the new version's rate is so many times
// the tolerated one. The last is the sleeper, which never bets and so still
// has its stake when a regression begins late.
var (
	oddsRatios = [...]float64{2, 5, 20, 200}
	oddsPrior  = []float64{0.15, 0.15, 0.20, 0.25, 0.25}
)

// oddsSlow is one over the part of the wealth dealt anew at the first bad
// request.
const oddsSlow = 50

// tolerated returns the share of the bad requests that the new version may
// have when it has a share of all, and rho times the old one's rate.
func tolerated(share, rho float64) float64 { return share * rho / (share*rho + 1 - share) }

// odds bets on whose the bad requests of one bucket are: fresh of them the new
// version's, old of them the old one's, which had the rest of the requests.
func (w *Wealth) odds(share, rho, fresh, old float64) {
	if fresh+old == 0 {
		return
	}
	var logs [len(oddsRatios) + 1]float64
	s0 := tolerated(share, rho)
	for i, r := range oddsRatios {
		s1 := tolerated(share, rho*r)
		logs[i] = fresh*math.Log(s1/s0) + old*math.Log((1-s1)/(1-s0))
	}
	w.bet(oddsPrior, logs[:], fresh+old, oddsSlow)
}
