package analysis

import "fmt"

// leastErrors keeps one or two unlucky requests in a small window from
// deciding: with the default minimum of 50 requests a single error is 2 %.
const leastErrors = 3

// ErrorShare is a guard: the new version fails if its share of errors exceeds
// the old one's by more than Margin.
type ErrorShare struct {
	// MinRequests is how many requests the new version needs before its share
	// counts; below that the finding is NotEnough.
	MinRequests int
	// Margin is a share, 0..1.
	Margin float64
}

// Compare returns the finding and the numbers behind it in words. An old
// version without requests counts as free of errors.
func (r ErrorShare) Compare(old, fresh Tally) (Finding, string) {
	words := fmt.Sprintf("new version %s, old version %s", fresh, old)
	limit := old.Share() + r.Margin
	bad := fresh.Errors >= leastErrors && fresh.Share() > limit
	switch {
	case fresh.Requests < uint64(max(r.MinRequests, 1)):
		return NotEnough, fmt.Sprintf("%s: %d of %d requests needed", words, fresh.Requests, max(r.MinRequests, 1))
	case bad:
		return Failing, fmt.Sprintf("%s: %.2f%% is more than %.2f%%", words, 100*fresh.Share(), 100*limit)
	}
	return Healthy, words
}
