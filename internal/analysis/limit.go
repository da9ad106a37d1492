package analysis

import "math"

// Limits watches both versions against a limit of their own: where both are
// beyond it, the fault is elsewhere and taking back would not help.
type Limits struct {
	Old Wealth `json:"old"`
	New Wealth `json:"new"`
}

var (
	limitRatios = [...]float64{2, 5, 20}
	limitPrior  = []float64{0.25, 0.25, 0.25, 0.25}
)

// limitRoom is how far beyond the threshold the wealth may go, so that the end
// of an outage is seen soon.
const limitRoom = 2

func (l *Limits) bet(limit float64, old, fresh Count, threshold float64) {
	for _, side := range []struct {
		w *Wealth
		c Count
	}{{&l.Old, old}, {&l.New, fresh}} {
		if side.c.Requests == 0 {
			continue
		}
		var rates [len(limitRatios)]float64
		for i, r := range limitRatios {
			rates[i] = between(limit*r, limit, (limit+19)/20)
		}
		var logs [len(limitRatios) + 1]float64
		rateLogs(logs[:], side.c.Bad, side.c.Requests, limit, rates[:])
		side.w.bet(limitPrior, logs[:], side.c.Bad, oddsSlow)
		side.w.cap(threshold + limitRoom)
	}
}

// both says whether both are beyond the limit: the smaller of two e-processes
// is one for "at least one of them is within it".
func (l *Limits) both(threshold float64) bool { return math.Min(l.Old.Log, l.New.Log) >= threshold }
