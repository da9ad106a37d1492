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

// stakes are what each bet wins, as logarithms, by a bad request of the new
// version and by one of the old one's.
type stakes struct {
	share, rho float64
	fresh, old [len(oddsRatios)]float64
}

// at returns the stakes where the new version has the share of all requests
// and may have rho times the old one's rate. They are computed anew only when
// these are others than before.
func (s *stakes) at(share, rho float64) *stakes {
	if s.share == share && s.rho == rho {
		return s
	}
	s.share, s.rho = share, rho
	s0 := tolerated(share, rho)
	for i, r := range oddsRatios {
		s1 := tolerated(share, rho*r)
		s.fresh[i], s.old[i] = math.Log(s1/s0), math.Log((1-s1)/(1-s0))
	}
	return s
}

// odds bets on whose the bad requests of one bucket are: fresh of them the new
// version's, old of them the old one's, which had the rest of the requests.
func (w *Wealth) odds(on *stakes, fresh, old float64) {
	if fresh+old == 0 {
		return
	}
	var logs [len(oddsRatios) + 1]float64
	for i := range oddsRatios {
		logs[i] = fresh*on.fresh[i] + old*on.old[i]
	}
	w.bet(oddsPrior, logs[:], fresh+old, oddsSlow)
}
