package analysis

import "time"

// PairState is all that a test over pairs remembers. Like State it can be
// written as JSON at any time and read back. The zero value is a test that has
// not begun.
type PairState struct {
	At time.Time `json:"at,omitzero"`
	// First and Last are the first and the latest pair that told something.
	First time.Time `json:"first,omitzero"`
	Last  time.Time `json:"last,omitzero"`
	// Pairs have told something, Void ones have not; InVain of these were the
	// latest, the very last for the reason Why.
	Pairs  uint64 `json:"pairs"`
	Void   uint64 `json:"void,omitempty"`
	InVain int    `json:"inVain,omitempty"`
	Why    string `json:"why,omitempty"`
	// InStep is how many good answers the new version has given in this step.
	InStep int `json:"inStep"`
	// Answered was well answered by one of the versions at least once, Broken
	// never.
	Answered []string `json:"answered,omitempty"`
	Broken   []string `json:"broken,omitempty"`
	// Old and New are what each did; the histograms are of good answers.
	Old Count `json:"old"`
	New Count `json:"new"`
	// Open is the block that has not been bet on.
	Open PairBlock `json:"open"`
	// Errors and Latency are the tests that take back, Better the one that
	// goes on.
	Errors  Wealth    `json:"errors"`
	Latency Wealth    `json:"latency"`
	Better  Promotion `json:"better"`
	Limits  Limits    `json:"limits"`
	Recent  Recent    `json:"recent"`
	// Failed says that the evidence has sufficed once: that stands.
	Failed bool `json:"failed,omitempty"`
}

// PairBlock gathers the pairs of some seconds for a single bet.
type PairBlock struct {
	Began time.Time `json:"began,omitzero"`
	// OnlyOld and OnlyNew are the pairs in which just that version went wrong.
	OnlyOld float64 `json:"onlyOld,omitempty"`
	OnlyNew float64 `json:"onlyNew,omitempty"`
	// Slower and Faster are those in which the new version took longer than it
	// may, or less.
	Slower float64 `json:"slower,omitempty"`
	Faster float64 `json:"faster,omitempty"`
}

// add takes in a pair. The times of a cold version do not count.
func (b *PairBlock) add(c Pairs, p Pair, cold bool) {
	if b.Began.IsZero() {
		b.Began = p.At
	}
	old, fresh := p.only()
	b.OnlyOld, b.OnlyNew = b.OnlyOld+old, b.OnlyNew+fresh
	if c.Ratio == 0 || cold || p.Old.Bad || p.New.Bad {
		return
	}
	had, may := max(p.New.Took, c.Least), time.Duration(c.Ratio*float64(max(p.Old.Took, c.Least)))
	switch {
	case max(p.New.Took, p.Old.Took) <= c.Least:
	case had > may:
		b.Slower++
	case had < may:
		b.Faster++
	}
}
