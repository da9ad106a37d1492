package analysis

import "fmt"

// Tally is what one version did within a window.
type Tally struct {
	Requests uint64
	// Errors are the requests answered with 5xx or lost.
	Errors uint64
}

// Share returns the errors as a share of the requests, 0..1; 0 for none.
func (t Tally) Share() float64 {
	if t.Requests == 0 {
		return 0
	}
	return float64(t.Errors) / float64(t.Requests)
}

func (t Tally) String() string { return fmt.Sprintf("%d errors in %d requests", t.Errors, t.Requests) }
