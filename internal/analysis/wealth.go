package analysis

import "math"

// Wealth is what a gambler who began with 1 has now after betting against a
// claim, split among several bets at once. If the claim holds, the chance that
// it ever reaches 1/alpha is at most alpha, however often one looks (Ville).
// The zero value is a gambler who has not begun.
type Wealth struct {
	// Log is the natural logarithm of the present wealth; 0 at the start.
	Log float64 `json:"log"`
	// Peak is the highest Log so far.
	Peak float64 `json:"peak,omitempty"`
	// Events is how much has been bet on so far, in the units of the bets.
	Events float64 `json:"events,omitempty"`
	// Shares says how the wealth lies on the bets; they add up to 1.
	Shares []float64 `json:"shares,omitempty"`
}

// bet multiplies the wealth on bet i by exp(logs[i]) and then deals a part of
// all wealth anew by the prior. Dealing anew changes no total, so it may depend
// on anything; it keeps bets alive that have lost for hours. The part is one in
// slow at the first event and shrinks with their number, so that what is lost
// by it grows with the logarithm of the events only.
func (w *Wealth) bet(prior, logs []float64, events, slow float64) {
	if len(w.Shares) != len(prior) {
		w.Shares = append(w.Shares[:0:0], prior...)
	}
	best := math.Inf(-1)
	for i, l := range logs {
		if w.Shares[i] > 0 {
			best = max(best, l)
		}
	}
	total := 0.0
	for i, l := range logs {
		if w.Shares[i] > 0 {
			w.Shares[i] *= math.Exp(l - best)
			total += w.Shares[i]
		}
	}
	w.Log += best + math.Log(total)
	w.Peak = max(w.Peak, w.Log)
	anew := events / (w.Events + slow - 1 + events)
	w.Events += events
	for i := range w.Shares {
		w.Shares[i] = (1-anew)*w.Shares[i]/total + anew*prior[i]
	}
}

// cap gives away what exceeds limit (a logarithm), so that the wealth can
// fall again soon once its reason is over. Giving away is always permitted.
func (w *Wealth) cap(limit float64) { w.Log = min(w.Log, limit) }
