package signal

import "time"

// Moment is where a release stands, for conditions.
type Moment struct {
	// Step counts the steps of traffic from 0; Weight is the share of the
	// requests routed to the new side, 0..1.
	Step   int     `json:"step"`
	Weight float64 `json:"weight"`
	Phase  string  `json:"phase"`
	// InStep is for how long the step has been held.
	InStep time.Duration `json:"inStep"`
}
